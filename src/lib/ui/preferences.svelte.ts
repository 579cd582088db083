/** What a person chose for this browser: the theme, and whether single keys are shortcuts. */

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

const THEME_KEY = 'memreel.theme';
const KEYS_KEY = 'memreel.single-keys';

/** Kept in localStorage where the browser allows it, else for this tab only. */
export class Preferences {
  #theme: Theme = $state('system');
  #singleKeys = $state(true);

  constructor() {
    const stored = read(THEME_KEY);
    this.#theme = THEMES.find((theme) => theme === stored) ?? 'system';
    this.#singleKeys = read(KEYS_KEY) !== 'off';
    this.#apply();
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    write(THEME_KEY, theme);
    this.#apply();
  }

  /** Whether `/` and `?` alone do something (WCAG 2.1.4 asks for a way to switch them off). */
  get singleKeys(): boolean {
    return this.#singleKeys;
  }
  set singleKeys(on: boolean) {
    this.#singleKeys = on;
    write(KEYS_KEY, on ? 'on' : 'off');
  }

  #apply(): void {
    const root = document.documentElement;
    if (this.#theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = this.#theme;
  }
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch (error) {
    // Blocked site data makes even reading throw; the defaults serve.
    if (error instanceof DOMException) return null;
    throw error;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch (error) {
    // Blocked or full: the choice lasts as long as the tab, as the class says.
    if (!(error instanceof DOMException)) throw error;
  }
}
