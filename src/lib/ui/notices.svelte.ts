/** Short messages: seen in a corner, and heard through one polite live region. */

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'bad';
  readonly action: { readonly label: string; run(): void } | null;
}

/** Milliseconds that a notice without an action stays; one with an action waits for the person. */
const STAY = 6000;

/** What is shown, and what is only said. */
export class Notices {
  list: Notice[] = $state.raw([]);
  /** The newest words for screen readers alone, such as "12 results". */
  spoken = $state('');
  #count = 0;

  /** Says something without showing it. */
  say(text: string): void {
    this.spoken = text;
  }

  /** Shows something; the notice can be taken away with `dismiss`. */
  show(text: string, options: { tone?: 'bad'; action?: Notice['action'] } = {}): Notice {
    this.#count += 1;
    const notice: Notice = {
      id: this.#count,
      text,
      tone: options.tone ?? 'plain',
      action: options.action ?? null,
    };
    this.list = [...this.list, notice];
    if (!notice.action && notice.tone === 'plain') {
      setTimeout(() => {
        this.dismiss(notice);
      }, STAY);
    }
    return notice;
  }

  dismiss(notice: Notice): void {
    this.list = this.list.filter((one) => one.id !== notice.id);
  }
}
