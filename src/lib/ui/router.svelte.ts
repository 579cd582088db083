/** Where the app is: the current address, followed and written. */
import { formatRoute, parseRoute, type Route } from './route';

/** Milliseconds between two writes of the URL: Safari refuses more than 100 in 10 seconds. */
const WRITE_PAUSE = 250;

/** The current route. Typing replaces it at once and the URL a moment later; links push. */
export class Router {
  route: Route = $state.raw({ screen: 'library', query: '' });
  /** Whether the person has moved since the page was loaded. */
  moved = false;
  #unwritten: ReturnType<typeof setTimeout> | undefined;
  readonly #window: Window;

  constructor(window: Window) {
    this.#window = window;
    this.route = parseRoute(window.location.hash);
  }

  /** Follows back, forward and links; returns how to stop. */
  listen(): () => void {
    const follow = (): void => {
      clearTimeout(this.#unwritten);
      this.#unwritten = undefined;
      const next = parseRoute(this.#window.location.hash);
      this.moved = true;
      if (formatRoute(next) !== formatRoute(this.route)) this.route = next;
    };
    // What was typed belongs to the step that a link is about to leave.
    const settle = (): void => {
      this.#write();
    };
    this.#window.addEventListener('click', settle, { capture: true });
    // A link to a hash fires both; `pushState` and `replaceState` fire neither.
    this.#window.addEventListener('popstate', follow);
    this.#window.addEventListener('hashchange', follow);
    return () => {
      this.#write();
      this.#window.removeEventListener('click', settle, { capture: true });
      this.#window.removeEventListener('popstate', follow);
      this.#window.removeEventListener('hashchange', follow);
    };
  }

  /** Goes to a screen, as a step that Back undoes. */
  go(route: Route): void {
    this.#write();
    this.moved = true;
    this.#window.history.pushState(null, '', formatRoute(route));
    this.route = route;
  }

  /** Changes the current screen's address without a new step. */
  replace(route: Route): void {
    this.route = route;
    this.#unwritten ??= setTimeout(() => {
      this.#write();
    }, WRITE_PAUSE);
  }

  #write(): void {
    if (this.#unwritten === undefined) return;
    clearTimeout(this.#unwritten);
    this.#unwritten = undefined;
    this.#window.history.replaceState(null, '', formatRoute(this.route));
  }
}
