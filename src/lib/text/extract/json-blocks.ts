/**
 * Values of a JSON document to blocks: a line each, with the name that stands over it; long
 * strings as paragraphs; numbers of one list in one line. A list of objects with a text of their
 * own, as data sets and exports are, gives records: each a chunk as it stands, as a line of JSON
 * Lines is.
 */

import { type Block, MAX_BLOCK } from '../document';
import type { JsonHandler, JsonValue } from './json-values';

/** Members that hold a record's text, the best first, as data sets and exports name them. */
const TEXT_MEMBERS = ['text', 'content', 'body'] as const;
/** UTF-16 units up to which a string is a line with a label. */
const SHORT = 200;
/** UTF-16 units of a label. */
const MAX_LABEL = 80;
/** UTF-16 units of one line of numbers. */
const MAX_NUMBERS = 1_000;
/** UTF-16 units of blocks that are held of an object that may still turn out a record. */
const MAX_HELD = 1_048_576;

export class JsonBlocks implements JsonHandler {
  #blocks: Block[] = [];
  /** Of the object at hand in a list that is the document: it may be a record. */
  #record: { held: Block[]; units: number; members: Map<string, string> } | undefined;
  #inList = false;
  #numbers: { label: string | undefined; path: string; text: string } | undefined;
  /** UTF-16 units of strings, and of numbers. */
  #words = 0;
  #digits = 0;

  /** The blocks made since the last call. */
  take(): Block[] {
    const blocks = this.#blocks;
    this.#blocks = [];
    return blocks;
  }

  /** What is held at the end, of a document that is cut off too. */
  finish(): Block[] {
    this.#endNumbers();
    this.#giveUpRecord();
    return this.take();
  }

  get blank(): boolean {
    return this.#words + this.#digits === 0;
  }

  /** Whether there is hardly a word: a search would find nothing by. */
  get figures(): boolean {
    return this.#digits > 200 && this.#words * 20 < this.#digits;
  }

  open(kind: 'object' | 'list', depth: number): void {
    this.#endNumbers();
    if (depth === 0) this.#inList = kind === 'list';
    if (depth === 1 && kind === 'object' && this.#inList) {
      this.#record = { held: [], units: 0, members: new Map() };
    }
  }

  close(kind: 'object' | 'list', depth: number, path: string): void {
    this.#endNumbers();
    if (kind !== 'object' || depth !== 1 || this.#record === undefined) return;
    const { members } = this.#record;
    const field = TEXT_MEMBERS.find((name) => members.has(name));
    if (field === undefined) {
      this.#giveUpRecord();
      return;
    }
    this.#record = undefined;
    const parts = [members.get('title'), members.get(field)].filter((part) => part !== undefined);
    this.#blocks.push({
      text: parts.join('\n').trimEnd() + '\n',
      kind: 'record',
      place: { path },
    });
  }

  value(value: JsonValue): void {
    if (value.type === 'number') {
      this.#digits += value.text.length;
      if (this.#addNumber(value)) return;
    }
    this.#endNumbers();
    if (value.type === 'number') {
      this.#numbers = { label: value.label, path: value.path, text: value.text };
      return;
    }
    if (value.type === 'string') this.#string(value);
    else this.#line(value.label, value.text, value.path);
  }

  #string({ text: source, path, label, name, depth }: JsonValue): void {
    const whole = source.replace(/\r\n?/g, '\n');
    const text = whole.trim();
    if (text === '') return;
    this.#words += text.length;
    if (depth === 2 && name !== undefined && this.#record !== undefined) {
      const wanted = name === 'title' || TEXT_MEMBERS.some((member) => member === name);
      if (wanted) this.#record.members.set(name, whole);
    }
    this.#line(text.length > SHORT ? undefined : label, text, path);
  }

  /** Whether it goes on in the line of the number before it. */
  #addNumber({ text, label, name }: JsonValue): boolean {
    const line = this.#numbers;
    if (line === undefined || label !== undefined || name !== undefined) return false;
    if (line.text.length + text.length > MAX_NUMBERS) return false;
    line.text += `, ${text}`;
    return true;
  }

  #endNumbers(): void {
    const line = this.#numbers;
    this.#numbers = undefined;
    if (line !== undefined) this.#line(line.label, line.text, line.path);
  }

  #line(label: string | undefined, value: string, path: string): void {
    const name = label === undefined ? '' : onOneLine(label);
    const text = (name === '' ? value : `${name}: ${value}`) + '\n';
    if (text.length <= MAX_BLOCK) {
      this.#push({ text, kind: 'paragraph', place: { path } });
      return;
    }
    // A value without an end is handed over in pieces, which the chunker joins.
    for (let at = 0; at < text.length;) {
      let end = Math.min(at + MAX_BLOCK, text.length);
      if (end < text.length && isLowSurrogate(text.charCodeAt(end))) end--;
      this.#push({ text: text.slice(at, end), kind: 'paragraph', place: { path } });
      at = end;
    }
  }

  #push(block: Block): void {
    const record = this.#record;
    if (record === undefined) {
      this.#blocks.push(block);
      return;
    }
    record.units += block.text.length;
    const certain = TEXT_MEMBERS.some((name) => record.members.has(name));
    if (certain) record.held = [];
    else if (record.units <= MAX_HELD) record.held.push(block);
    else {
      record.held.push(block);
      this.#giveUpRecord();
    }
  }

  #giveUpRecord(): void {
    for (const block of this.#record?.held ?? []) this.#blocks.push(block);
    this.#record = undefined;
  }
}

function onOneLine(label: string): string {
  if (label.length <= MAX_LABEL && !/\s/.test(label)) return label;
  return label.replace(/\s+/g, ' ').trim().slice(0, MAX_LABEL).toWellFormed();
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
