/**
 * Who may import whom: the table of rooms in ARCHITECTURE.md as rules. Workers are started by
 * `new URL(…, import.meta.url)`, which is not an import, so nothing may import one.
 */

/** Rooms that run anywhere: no DOM, no storage, no workers. */
const PURE = '^src/lib/(shard|qr)/|^src/lib/search/(?!hnsw)|^src/lib/text/(?!extract|index)';
/** What every room may import. */
const GROUND = '^src/lib/(errors|api)\\.ts$';

/** Digests name objects in every room: the type and how one is made, nothing of storage. */
const DIGEST = '^src/lib/store/digest\\.ts$';

/** Names that invite anything. */
const DRAWER = '/(utils?|helpers?|common|misc|managers?)(/|\\.[a-z]+$)';

/**
 * A package and everything in it, never one whose name only begins so. An import that Vite
 * resolves (`…?url`) stays as it is written.
 */
const packages = (/** @type {string} */ names) =>
  `(^|/node_modules/|^node_modules/)(${names})([/?]|$)`;

/**
 * One room's own list: anything else inside src/ is refused.
 * @param {string} room
 * @param {string[]} allowed patterns besides the room itself and the ground
 */
const room = (room, ...allowed) => ({
  name: `room-${room}`,
  comment: `src/lib/${room} imports itself, errors, api${allowed.length ? ' and the listed rooms' : ''}`,
  severity: 'error',
  from: { path: `^src/lib/${room}/` },
  to: { path: '^src/', pathNot: [`^src/lib/${room}/`, GROUND, ...allowed] },
});

/**
 * A package that one room wraps.
 * @param {string} name
 * @param {string} owner pattern of the files that may import it
 * @param {string} names pattern of package names
 */
const wrapped = (name, owner, names) => ({
  name: `only-${name}`,
  severity: 'error',
  from: { path: '^src/', pathNot: owner },
  to: { path: packages(names) },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    ...['from', 'to'].map((side) => ({
      name: `no-drawers-${side}`,
      comment: 'A folder is named after what it is for.',
      severity: 'error',
      from: {},
      to: {},
      [side]: { path: DRAWER, pathNot: 'node_modules' },
    })),
    {
      name: 'no-unresolved',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: '\\?(url|worker|raw)$|^virtual:' },
    },
    {
      name: 'screens-use-the-front-door',
      comment: 'What a screen needs and the API lacks is added to the API.',
      severity: 'error',
      from: { path: '^src/(routes/|App\\.svelte$|main\\.ts$)' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/routes/',
          '^src/lib/ui/',
          '^src/lib/index\\.ts$',
          '^src/App\\.svelte$',
          '\\.css$',
        ],
      },
    },
    {
      name: 'components-use-the-front-door',
      severity: 'error',
      from: { path: '^src/lib/ui/' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/lib/ui/',
          '^src/lib/index\\.ts$',
          '^src/lib/offline/messages\\.ts$',
          GROUND,
        ],
      },
    },
    {
      name: 'nothing-imports-screens',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(routes/|App\\.svelte$|main\\.ts$)' },
      to: { path: '^src/(routes/|App\\.svelte$|main\\.ts$)' },
    },
    {
      name: 'nothing-imports-workers',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/workers/' },
    },
    {
      name: 'workers-are-thin',
      severity: 'error',
      from: { path: '^src/workers/' },
      to: { path: '^src/', pathNot: '^src/lib/(?!ui/|index\\.ts)' },
    },
    {
      name: 'the-ground-stands-alone',
      severity: 'error',
      from: { path: GROUND },
      to: { path: '^src/', pathNot: GROUND },
    },
    {
      name: 'pure-rooms',
      severity: 'error',
      from: { path: PURE },
      to: { path: '^src/', pathNot: [PURE, GROUND, DIGEST] },
    },
    room('rpc'),
    room('shard', DIGEST),
    room('qr'),
    room('text'),
    room('search'),
    room('embedding'),
    room('store', '^src/lib/shard/'),
    room('video', '^src/lib/qr/'),
    room('offline'),
    room('archive', '^src/lib/(shard|video|qr|text|store)/'),
    {
      name: 'room-library',
      comment: 'The composing room knows all others, but no screen and not the front door.',
      severity: 'error',
      from: { path: '^src/lib/library/' },
      to: { path: '^src/', pathNot: '^src/lib/(?!ui/|index\\.ts)' },
    },
    wrapped('video-knows-codecs', '^src/lib/video/', '@ffmpeg/[^/]+|mediabunny'),
    wrapped(
      'embedding-knows-transformers',
      '^src/lib/embedding/',
      '@xenova/transformers|@huggingface/transformers|onnxruntime-web',
    ),
    wrapped('qr-knows-readers', '^src/lib/qr/', 'qrcode|jsqr|zxing-wasm'),
    wrapped(
      'text-knows-formats',
      '^src/lib/text/',
      'pdfjs-dist|htmlparser2|markdown-it|chardet|numfmt|@streamparser/json|postal-mime|tesseract[^/]*',
    ),
    wrapped('offline-knows-workbox', '^src/lib/offline/', 'workbox-[a-z]+'),
    wrapped('zips-are-read-in-two-rooms', '^src/lib/(text|archive)/', '@zip\\.js/zip\\.js'),
    wrapped('archive-knows-age', '^src/lib/archive/', 'age-encryption'),
    wrapped('search-knows-hnswlib', '^src/lib/search/', 'hnswlib-wasm|snowball-stemmers'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.svelte.ts', '.svelte', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['browser', 'import', 'svelte', 'default'],
    },
  },
};
