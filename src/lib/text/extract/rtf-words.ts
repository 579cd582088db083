/**
 * The control words of RTF (specification 1.9.1) that name what a group holds, stand for a
 * character, or say which code page a file is in. Tables only.
 */

/** What a group holds, as far as text is concerned. */
export type Destination = 'text' | 'skip' | 'fonts' | 'styles' | 'note' | 'box' | 'margin';

/** Groups that are no plain text, by the word that they begin with. */
export const DESTINATIONS = new Map<string, Destination>([
  ['fonttbl', 'fonts'],
  ['stylesheet', 'styles'],
  ['footnote', 'note'],
  ['shptxt', 'box'],
  ['dptxbxtext', 'box'],
  ...['header', 'headerl', 'headerr', 'headerf', 'footer', 'footerl', 'footerr', 'footerf'].map(
    (word): [string, Destination] => [word, 'margin'],
  ),
  ...(
    'colortbl info pict objdata objclass objname listtable listoverridetable rsidtbl filetbl ' +
    'revtbl fldinst datafield annotation atnid atnauthor atndate atnicn atnref bkmkstart bkmkend ' +
    'xe tc tcn rxe sp nonshppict shprslt nonesttables pn pntxta pntxtb background template private ' +
    'ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn generator mmathPr themedata'
  )
    .split(' ')
    .map((word): [string, Destination] => [word, 'skip']),
]);
/** Groups that readers may ignore (`\*`), but whose text is read here. */
export const WANTED = new Set(['shpinst', 'footnote', 'shptxt', 'do', 'nesttableprops', 'pntext']);

/** Words that are characters. */
export const CHARACTERS = new Map<string, string>([
  ['tab', '\t'],
  ['line', '\n'],
  ['lbr', '\n'],
  ['emdash', '\u2014'],
  ['endash', '\u2013'],
  ['lquote', '\u2018'],
  ['rquote', '\u2019'],
  ['ldblquote', '\u201c'],
  ['rdblquote', '\u201d'],
  ['bullet', '\u2022'],
  ['emspace', ' '],
  ['enspace', ' '],
  ['qmspace', ' '],
  ['zwj', '\u200d'],
  ['zwnj', '\u200c'],
  ['~', '\u00a0'],
  ['_', '\u2011'],
]);
/** Code pages of `\ansi`, `\mac` and their like, where no `\ansicpg` follows. */
export const CODE_PAGES = new Map([
  ['ansi', 1252],
  ['mac', 10000],
  ['pc', 437],
  ['pca', 850],
]);
