/** Which of several chosen files are imported together. Goes by names; what is in them is looked at later. */

/**
 * Files that are imported together: memvid's videos each with what is named after it, else each file
 * alone. One video and one index belong together whatever they are called.
 */
export function importSets(files: readonly File[]): File[][] {
  if (isMemvidSet(files)) return [[...files]];
  const videos = files.filter(({ name }) => VIDEO.test(name));
  const besides = files.filter(({ name }) => BESIDE.test(name));
  const stemOf = (name: string, end: RegExp): string => name.replace(end, '').toLowerCase();
  const setOf = new Map<File, File[]>();
  for (const video of videos) {
    const stem = stemOf(video.name, VIDEO);
    const own = besides.filter(({ name }) => stemOf(name, BESIDE) === stem);
    const set = [video, ...own];
    for (const file of set) setOf.set(file, set);
  }
  return [...new Set(files.map((file) => setOf.get(file) ?? [file]))];
}

const VIDEO = /\.(?:mp4|mkv|avi|m4v|webm)$/iu;
/** What memvid writes beside a video. */
const BESIDE = /_index\.(?:json|faiss)$/iu;

/** One video with its `_index.json`, perhaps with its vectors. */
export function isMemvidSet(files: readonly File[]): boolean {
  const videos = files.filter(({ name }) => VIDEO.test(name));
  const besides = files.filter(({ name }) => BESIDE.test(name));
  const indexes = besides.filter(({ name }) => /json$/iu.test(name));
  return (
    videos.length === 1 && indexes.length === 1 && videos.length + besides.length === files.length
  );
}
