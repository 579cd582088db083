/**
 * How families of languages write definitions: a table of patterns, each for one line without its
 * indentation, whose groups that matched, joined by dots, are the name. Every pattern is anchored, and lines are
 * clipped before they are looked at, so that none can take long.
 */

import { extensionOf } from '../document';

/** How one family of languages is read. */
export interface Language {
  readonly extensions: readonly string[];
  /** Of the programs that a first line `#!…` names. */
  readonly programs?: RegExp;
  /** Definitions that hold others: classes, modules, namespaces. */
  readonly containers?: RegExp;
  /** Functions, and whatever else has a name and a body. */
  readonly functions?: RegExp;
  /** Functions that say so only by where they stand: inside a container. */
  readonly methods?: RegExp;
  /** A line that is a comment from its beginning. */
  readonly comment: RegExp;
  /** Lines above a definition that belong to it: decorators, attributes, its type alone. */
  readonly prelude?: RegExp;
  /** Quotes that hold several lines. */
  readonly quotes?: readonly string[];
  /** A definition lasts until the next one: sections of a file, clauses of a function. */
  readonly lasting?: true;
}

/** Words that a call's or block's line begins with, where a definition's could stand. */
const NOT_NAMES =
  '(?!(?:if|else|for|foreach|while|do|switch|case|catch|return|new|throw|delete|using|lock|sizeof|' +
  'typeof|await|yield|assert|super|this|elif|elseif|until|unless|when|with|match|goto|function|import)\\b)';
/** Words that stand before a definition and say how it may be used. */
const MODIFIERS =
  '(?:@[\\w.]+(?:\\([^()]*\\))?[ \\t]+)*(?:(?:export|default|declare|public|private|protected|internal|fileprivate|static|final|abstract|' +
  'sealed|open|override|virtual|inline|constexpr|extern|async|suspend|readonly|partial|unsafe|const|' +
  'data|inner|enum|annotation|companion|case|implicit|lazy|operator|infix|tailrec|expect|actual|' +
  'mutating|convenience|required|indirect|strictfp|synchronized|native|value|new|ref|readonly|file|' +
  'local|my|our|pub(?:\\([^()]*\\))?)[ \\t]+)*';

const SLASHES = /^(?:\/\/|\/\*)/;
const HASH = /^#/;

/** A type, a name, an opening bracket, and no semicolon at the end: C's way and its children's. */
const TYPED_FUNCTION =
  NOT_NAMES +
  // Words and what parts them share no character, so that there is one way to read them.
  '(?:[\\w:<>,.?\\[\\]~@$]+[ \\t*&]+)*' +
  NOT_NAMES +
  '(?!\\d)((?:[\\w$]+(?:<[^<>]*>)?::)*~?[\\w$]+)[ \\t]*\\([^;{]*(?:\\{.*)?$';

function pattern(...alternatives: readonly string[]): RegExp {
  return new RegExp(`^(?:${alternatives.join('|')})`, 'u');
}

export const LANGUAGES: readonly Language[] = [
  {
    extensions: ['py', 'pyw', 'pyi', 'gd', 'bzl'],
    programs: /\bpython/,
    containers: /^class[ \t]+(\w+)/u,
    functions: /^(?:async[ \t]+)?(?:def|func)[ \t]+(\w+)/u,
    comment: HASH,
    prelude: /^@/,
    quotes: ['"""', "'''"],
  },
  {
    extensions: ['js', 'mjs', 'cjs', 'jsx', 'ts', 'mts', 'cts', 'tsx', 'svelte', 'vue', 'astro'],
    programs: /\b(?:node|deno|bun)\b/,
    containers: pattern(MODIFIERS + '(?:class|interface|namespace|module)[ \\t]+([\\w$.]+)'),
    functions: pattern(
      MODIFIERS + 'function[ \\t]*\\*?[ \\t]*([\\w$]+)',
      MODIFIERS + '(?:type|enum)[ \\t]+([\\w$]+)[^=({]*[={]',
      MODIFIERS +
        '(?:(?:let|var)[ \\t]+)?([\\w$.]+)[ \\t]*(?::[^=]*)?=[ \\t]*(?:async\\b[ \\t]*)?(?:function\\b|\\([^()]*\\)[^=]*=>|[\\w$]+[ \\t]*=>|\\($)',
    ),
    methods: pattern(
      MODIFIERS +
        NOT_NAMES +
        '(?:(?:get|set|accessor)[ \\t]+)?\\*?[ \\t]*(#?[\\w$]+)[ \\t]*(?:<[^>]*>)?\\([^;{]*(?:\\{.*)?$',
    ),
    comment: SLASHES,
    prelude: /^@/,
    quotes: ['`'],
  },
  {
    extensions: ['java', 'cs', 'groovy', 'gradle', 'dart'],
    containers: pattern(
      MODIFIERS + '(?:class|interface|@interface|struct|record|namespace|enum)[ \\t]+([\\w.]+)',
    ),
    methods: pattern(TYPED_FUNCTION),
    functions: pattern(
      '(?:def|void|static|Future|int|String)[^=(]*?[ \\t]([\\w$]+)[ \\t]*\\([^;]*$',
    ),
    comment: SLASHES,
    prelude: /^(?:@|\[)/,
  },
  {
    extensions: ['c', 'h', 'cc', 'cpp', 'cxx', 'hh', 'hpp', 'hxx', 'ino', 'm', 'mm', 'cu', 'glsl'],
    containers: pattern(
      '(?:typedef[ \\t]+|template[ \\t]*<[^;{}()]*>[ \\t]*|inline[ \\t]+|export[ \\t]+)*(?:class|struct|union|namespace|enum(?:[ \\t]+class)?)[ \\t]+(?:[A-Z_]+[ \\t]+)?([\\w:]+)[^;()]*$',
      '@(?:interface|implementation|protocol)[ \\t]+(\\w+)',
    ),
    functions: pattern(
      '(?:extern[ \\t]+"C"[ \\t]+)?' + TYPED_FUNCTION,
      '[-+][ \\t]*\\([^()]*\\)[ \\t]*(\\w+)',
    ),
    comment: SLASHES,
    prelude: /^(?:#|template\b|__attribute__|\[\[|[\w*]+(?:[ \t]+[\w*]+)*$)/,
  },
  {
    extensions: ['go'],
    functions: pattern(
      'func[ \\t]+(\\w+)',
      // A method's name is of two groups: its receiver's, and its own.
      'func[ \\t]+\\([ \\t]*(?:\\w+[ \\t]+)?\\*?(\\w+)[^()]*\\)[ \\t]*(\\w+)',
      'type[ \\t]+(\\w+)',
    ),
    comment: SLASHES,
    quotes: ['`'],
  },
  {
    extensions: ['rs'],
    containers: pattern(
      'impl\\b(?:<[^{]*?>)?[ \\t]+(?:[^{]*?\\bfor[ \\t]+)?&?(?:[\\w]+::)*(\\w+)',
      MODIFIERS + '(?:trait|mod|struct|union|enum)[ \\t]+(\\w+)',
    ),
    functions: pattern(
      MODIFIERS + '(?:extern[ \\t]+"[^"]*"[ \\t]+)?fn[ \\t]+(\\w+)',
      MODIFIERS + 'type[ \\t]+(\\w+)',
      'macro_rules![ \\t]+(\\w+)',
    ),
    comment: SLASHES,
    prelude: /^#!?\[/,
  },
  {
    extensions: ['kt', 'kts', 'swift', 'scala', 'sc', 'zig'],
    containers: pattern(
      MODIFIERS +
        '(?:class|interface|object|struct|enum|trait|protocol|extension|actor|package object|given)[ \\t]+([\\w.]+)',
    ),
    functions: pattern(
      MODIFIERS + '(?:fun|func|def|fn)[ \\t]+(?:<[^>]*>[ \\t]*)?([^\\s(<:=]+)',
      MODIFIERS + '(init|deinit|subscript|constructor)\\b[?!]?[ \\t]*[({]',
      MODIFIERS + '(?:type|typealias)[ \\t]+(\\w+)',
    ),
    comment: SLASHES,
    prelude: /^@/,
    quotes: ['"""'],
  },
  {
    extensions: ['php', 'phtml'],
    programs: /\bphp/,
    containers: pattern(
      MODIFIERS + '(?:class|interface|trait|enum|namespace)[ \\t]+([\\w\\\\]+)[^;]*$',
    ),
    functions: pattern(MODIFIERS + 'function[ \\t]+&?(\\w+)'),
    comment: /^(?:\/\/|\/\*|#(?!\[))/,
    prelude: /^#\[/,
  },
  {
    extensions: ['rb', 'rake', 'gemspec', 'cr'],
    programs: /\bruby/,
    containers: /^(?:class|module)[ \t]+([\w:]+)/u,
    functions: /^(?:private[ \t]+|public[ \t]+|protected[ \t]+)?def[ \t]+([^\s(;]+)/u,
    comment: HASH,
  },
  {
    extensions: ['sh', 'bash', 'zsh', 'ksh', 'fish'],
    programs: /\b(?:ba|z|k|da|fi)?sh\b/,
    functions: /^(?:function[ \t]+([\w:.-]+)|([\w:.-]+)[ \t]*\([ \t]*\))/u,
    comment: HASH,
  },
  {
    extensions: ['sql', 'ddl', 'psql'],
    functions:
      /^(?:create|alter)[ \t]+(?:or[ \t]+replace[ \t]+)?(?:(?:global|temp|temporary|unique|materialized|virtual|recursive)[ \t]+)*(?:table|view|function|procedure|trigger|index|type|schema|sequence|domain|database|role|policy|extension)[ \t]+(?:if[ \t]+(?:not[ \t]+)?exists[ \t]+)?(["`[]?[\w."`[\]]+)/iu,
    comment: /^(?:--|\/\*)/,
    lasting: true,
  },
  {
    extensions: ['css', 'scss', 'sass', 'less'],
    containers: /^(@(?:media|supports|layer|container|scope)\b[^{};]*)/u,
    functions: /^([^@{};/\s][^{};]*)\{/u,
    comment: SLASHES,
    prelude: /,$/,
  },
  {
    extensions: ['lua'],
    programs: /\blua/,
    functions: pattern(
      '(?:local[ \\t]+)?function[ \\t]+([\\w.:]+)',
      '(?:local[ \\t]+)?([\\w.]+)[ \\t]*=[ \\t]*function\\b',
    ),
    comment: /^--/,
  },
  {
    extensions: ['r'],
    programs: /\bRscript/,
    functions: /^([\w.]+)[ \t]*(?:<<?-|=)[ \t]*function\b/u,
    comment: HASH,
  },
  {
    extensions: ['pl', 'pm', 't'],
    programs: /\bperl/,
    functions: /^sub[ \t]+([\w:]+)/u,
    comment: HASH,
  },
  {
    extensions: ['hs', 'elm', 'purs', 'ml', 'fs'],
    functions: pattern(
      "([a-z_][\\w']*)(?:[ \\t]*,[ \\t]*[\\w']+)*[ \\t]*::",
      '(?:data|newtype|class|instance|type(?:[ \\t]+(?:family|alias))?)[ \\t]+(?:[^=]*=>[ \\t]*)?([^=:{]+?)[ \\t]*(?:=|where\\b|::|$)',
      "let[ \\t]+(?:rec[ \\t]+)?([a-z_][\\w']*)",
    ),
    comment: /^(?:--|\{-|\(\*)/,
    prelude: /^\{-#/,
    lasting: true,
  },
  {
    extensions: ['ex', 'exs'],
    containers: /^def(?:module|protocol|impl)[ \t]+([\w.]+)/u,
    functions: /^def(?:p|macro|macrop)?[ \t]+([\w?!]+)/u,
    comment: HASH,
    prelude: /^@(?:doc|spec)\b/,
    quotes: ['"""'],
  },
  {
    extensions: ['toml', 'ini', 'cfg', 'conf', 'properties', 'editorconfig', 'desktop', 'service'],
    functions: /^\[+([^[\]]+)\]/u,
    comment: /^[#;]/,
    lasting: true,
  },
  {
    extensions: ['yaml', 'yml'],
    functions: /^(?!-[ \t])["']?([\w./$ -]+?)["']?:(?:[ \t]|$)/u,
    comment: HASH,
    lasting: true,
  },
];

/**
 * The family that a file is written in: by its name, else by the program that its first line names.
 */
export function languageOf(name: string, head: string): Language | undefined {
  const extension = extensionOf(name);
  const named = LANGUAGES.find(({ extensions }) => extensions.includes(extension));
  if (named !== undefined) return named;
  if (/^\s*<\?php\b/.test(head)) {
    return LANGUAGES.find(({ extensions }) => extensions.includes('php'));
  }
  const program = /^#![ \t]*(\S[^\n]*)/.exec(head)?.[1]?.slice(0, 200);
  if (program === undefined) return undefined;
  return LANGUAGES.find(({ programs }) => programs?.test(program));
}
