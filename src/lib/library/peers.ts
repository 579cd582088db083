/**
 * The other tabs of the same library: who is the writer does the writes of all, and tells what
 * changed. A BroadcastChannel carries it; the writer is whoever answers to `writer`.
 */
import { WorkerLostError } from '../errors';
import { Client } from '../rpc/client';
import type { Endpoint, Handlers } from '../rpc/protocol';
import { serve } from '../rpc/server';
import type { LibraryChange } from '../api';
import type { WriteProtocol } from './library-protocol';

type Listener = (event: MessageEvent<unknown>) => void;

type Message =
  | { to: string; from: string; body: unknown }
  | { to: 'everyone'; from: string; writes: true }
  | { to: 'everyone'; from: string; change: Omit<LibraryChange, 'from'> };

const WRITER = 'writer';

export class Peers {
  readonly #channel: BroadcastChannel;
  readonly #id = crypto.randomUUID();
  readonly #served = new Map<string, Set<Listener>>();
  readonly #onChange: (change: Omit<LibraryChange, 'from'>) => void;
  #handlers: Handlers<WriteProtocol> | undefined;
  #writer: Client<WriteProtocol> | undefined;

  constructor(name: string, onChange: (change: Omit<LibraryChange, 'from'>) => void) {
    this.#onChange = onChange;
    this.#channel = new BroadcastChannel(`memreel:${name}`);
    this.#channel.addEventListener('message', (event: MessageEvent<Message>) => {
      this.#receive(event.data);
    });
  }

  /** This tab writes from now on: for itself and for those who ask. */
  becomeWriter(handlers: Handlers<WriteProtocol>): void {
    this.#handlers = handlers;
    this.#forgetWriter();
    this.#post({ to: 'everyone', from: this.#id, writes: true });
  }

  /** Calls the tab that writes. */
  writer(): Client<WriteProtocol> {
    return (this.#writer ??= new Client(this.#endpoint(WRITER), () => undefined));
  }

  tell(change: Omit<LibraryChange, 'from'>): void {
    this.#post({ to: 'everyone', from: this.#id, change });
  }

  close(): void {
    this.#writer?.close();
    this.#channel.close();
  }

  /** What was asked of the writer before cannot be answered any more. */
  #forgetWriter(): void {
    this.#writer?.lose(
      new WorkerLostError('The tab that was writing was closed before it had finished.'),
    );
    this.#writer = undefined;
  }

  #receive(message: Message): void {
    if ('change' in message) {
      this.#onChange(message.change);
      return;
    }
    if ('writes' in message) {
      this.#forgetWriter();
      return;
    }
    const forWriter = message.to === WRITER && this.#handlers !== undefined;
    if (message.to !== this.#id && !forWriter) return;
    const from = forWriter ? message.from : WRITER;
    if (forWriter && this.#handlers && !this.#served.has(from)) {
      serve<WriteProtocol>(this.#endpoint(from), this.#handlers);
    }
    const event = new MessageEvent<unknown>('message', { data: message.body });
    for (const listener of this.#served.get(from) ?? []) listener(event);
  }

  #endpoint(peer: string): Endpoint {
    return {
      postMessage: (body) => {
        this.#post({ to: peer, from: this.#id, body });
      },
      addEventListener: (_, listener) => {
        const listeners = this.#served.get(peer) ?? new Set();
        this.#served.set(peer, listeners.add(listener));
      },
      removeEventListener: (_, listener) => {
        this.#served.get(peer)?.delete(listener);
      },
    };
  }

  #post(message: Message): void {
    this.#channel.postMessage(message);
  }
}
