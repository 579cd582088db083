/** What the screen that edits chunks says: a part of the catalogue, see ../strings.ts. */
import { formatAgo, formatCount } from '../format';
import { strings } from '../strings';

const { chunks } = strings.unit;

export const editingStrings = {
  lead: (live: number, deleted: number) =>
    deleted === 0
      ? `${chunks(live)}, in the order of their documents.`
      : `${chunks(live)}, in the order of their documents. ${formatCount(deleted)} deleted.`,
  empty: 'This shard has nothing in it yet. Add documents to it, or write a chunk.',
  allDeleted: 'Every chunk of this shard is deleted.',
  noneOf: {
    live: 'No chunk fits that.',
    deleted: 'No deleted chunk fits that.',
    all: 'No chunk fits that.',
  },
  showAll: 'Show all chunks',
  state: 'State',
  states: { live: 'Live', deleted: 'Deleted', all: 'All' },
  editedOnly: 'Edited',
  badge: { deleted: 'deleted', edited: 'edited', drift: 'source differs' },
  drift:
    'This text is yours. When its document was added again, the passage that you changed was not in it any more.',
  expires: (at: string, now: number) =>
    Date.parse(at) <= now ? `expired ${formatAgo(at, now)}` : `expires ${formatAgo(at, now)}`,
  due: 'Expires',
  row: (row: number) => `Select chunk ${formatCount(row)}`,
  actions: 'Actions',
  undo: 'Undo',
  redo: 'Redo',
  write: 'New chunk',
  clone: 'Try on a clone',
  trialName: (name: string) => `${name} – trial`,
  cloned: (name: string) =>
    `This is ${name}. Whatever you change here, the original stays as it is.`,
  selected: (n: number) => `${formatCount(n)} selected`,
  cleared: 'Nothing selected',
  delete: 'Delete',
  restore: 'Restore',
  join: 'Join',
  joinNote: 'Chunks can be joined that stand next to each other in one source.',
  clear: 'Clear',
  editor: 'Edit chunk',
  inserting: 'New chunk',
  insertingAfter: 'It will stand after the chunk that begins with:',
  insertingFirst: 'It will stand before all others.',
  tombstone: 'Deleted: search leaves it out. Its frame stays in the video.',
  text: 'Text',
  save: 'Save',
  cancel: 'Cancel',
  closeEditor: 'Close the editor',
  split: 'Split at the cursor',
  splitNote: 'Put the cursor where the second chunk should begin. What was changed is saved first.',
  insertAfter: 'Insert after',
  purge: 'Purge…',
  diff: 'What will change',
  noChange: 'Nothing is changed yet.',
  changes: (added: number, removed: number) =>
    `${formatCount(added)} added, ${formatCount(removed)} removed, in words.`,
  inserted: 'added:',
  removed: 'removed:',
  end: 'end.',
  discard: 'Discard changes',
  discardNote: 'This text was not saved. Nothing else is lost.',
  keep: 'Keep editing',
  kept: 'Your unsaved text is still here.',
  conflict: 'This chunk was changed somewhere else',
  conflictNote: 'The other change is saved, and yours is still here. Choose which one stays.',
  conflictDeleted: 'It was deleted somewhere else.',
  yours: 'Yours',
  theirs: 'Theirs',
  takeTheirs: 'Take theirs',
  saveOver: 'Save mine over it',
  done: {
    edit: 'Saved the chunk.',
    insert: 'Inserted a chunk.',
    split: 'Split the chunk in two.',
    join: (n: number) => `Joined ${chunks(n)} into one.`,
    delete: (n: number) => `Deleted ${chunks(n)}.`,
    restore: (n: number) => `Restored ${chunks(n)}.`,
    undo: 'Undone.',
    redo: 'Redone.',
  },
  nothingToUndo: 'There is nothing to undo: this tab has changed nothing here.',
  nothingToRedo: 'There is nothing to redo.',
  /** For the list of keys. */
  keys: [
    ['↓ ↑', 'Move through the chunks'],
    ['Enter', 'Edit the chunk'],
    ['Space', 'Select the chunk; with Shift and arrows, a range'],
    ['Delete', 'Delete what is selected'],
    ['Ctrl Enter', 'Save the text'],
    ['Ctrl Z', 'Undo; with Shift, redo'],
    ['Esc', 'Close the editor, or clear the selection'],
  ] as const,
};
