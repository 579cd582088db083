/** Lets messages in: an abort reaches a busy worker only when its event loop turns. */
export function turnEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
