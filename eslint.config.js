/**
 * What the linter holds. Import directions are dependency-cruiser's (.dependency-cruiser.cjs),
 * formatting is Prettier's; here is what only a reader of types and syntax can see.
 */
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

// Who may use what: a platform API has one adapter, so that its noise is translated in one place.
const OPFS = {
  selector: "MemberExpression[property.name='getDirectory']",
  message: 'Only src/lib/store/opfs.ts opens OPFS.',
};
const CODE_FROM_TEXT = {
  selector: "NewExpression[callee.name='Function']",
  message: 'Our content security policy refuses code from text.',
};
const DOUBLE_CAST = {
  selector: 'TSAsExpression > TSAsExpression > TSUnknownKeyword',
  message: 'A cast through unknown proves nothing: narrow the value instead.',
};
const UNPROVEN = {
  selector:
    "TSNonNullExpression[expression.type!='MemberExpression'], TSNonNullExpression[expression.computed=false]",
  message: 'The bounds of a loop prove an index; nothing proves this: narrow it.',
};
const SLEEP = {
  selector: "CallExpression[callee.property.name='waitForTimeout']",
  message: 'A test waits for what it means, not for time.',
};

const EVERYWHERE = [CODE_FROM_TEXT, DOUBLE_CAST, UNPROVEN];

/** @param {string} project the tsconfig that a group of files belongs to */
const typed = (project) => ({
  languageOptions: {
    parserOptions: {
      project,
      tsconfigRootDir: import.meta.dirname,
      extraFileExtensions: ['.svelte'],
    },
  },
});

export default ts.config(
  {
    ignores: [
      'dist/',
      'coverage/',
      'test-results/',
      'bench-results/',
      'public/',
      'tests/fixtures/',
    ],
  },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  svelte.configs.recommended,
  {
    files: [
      'src/main.ts',
      'src/**/*.svelte',
      'src/**/*.svelte.ts',
      'src/routes/**',
      'src/lib/ui/**',
    ],
    ...typed('./tsconfig.json'),
  },
  { files: ['src/lib/index.ts', 'src/lib/client.ts'], ...typed('./tsconfig.json') },
  {
    files: ['src/workers/**', 'src/lib/**/*.ts'],
    ignores: ['src/lib/ui/**', 'src/lib/index.ts', 'src/lib/client.ts'],
    ...typed('./tsconfig.worker.json'),
  },
  {
    files: ['tests/**', 'scripts/**', '*.config.ts'],
    ...typed('./tsconfig.tests.json'),
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser }, globals: globals.browser },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'svelte/no-target-blank': 'error',
      'svelte/require-each-key': 'error',
      // Our router's links are fragments of this page, not SvelteKit routes.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  {
    rules: {
      eqeqeq: ['error', 'always'],
      'no-restricted-syntax': ['error', OPFS, ...EVERYWHERE],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // UNPROVEN above: the compiler asks for `!` at every index of a typed array.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // `const { text: _, ...rest }` is how a field is left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Two packages have no types of their own: ours stand beside the importer, in every project.
      '@typescript-eslint/triple-slash-reference': ['error', { path: 'always' }],
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `(event) => go(event)` is how a callback is handed on, whatever `go` returns.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      // Constant conditions are how a loop says that it ends inside.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // noPropertyAccessFromIndexSignature is off; the two ways to read one mean the same.
      '@typescript-eslint/dot-notation': 'off',
      // Ports and protocols are written as methods and `void` replies; what implements them are
      // literals without `this`.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      // The ports ask for promises and generators whether or not an implementation awaits.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/**'],
    rules: {
      'no-console': 'error',
      'no-eval': 'error',
      'no-restricted-globals': [
        'error',
        { name: 'alert', message: 'Use a dialog of ours.' },
        { name: 'confirm', message: 'Use a dialog of ours.' },
        { name: 'prompt', message: 'Use a dialog of ours.' },
      ],
    },
  },
  {
    // Outside svelte-check a component's type is unknown: that check is the one which counts here.
    files: ['**/*.svelte', 'tests/browser/ui/**'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-redundant-type-constituents': 'off',
    },
  },
  {
    files: ['src/lib/store/opfs.ts'],
    rules: { 'no-restricted-syntax': ['error', ...EVERYWHERE] },
  },
  {
    files: ['tests/**'],
    rules: {
      // A test cleans up after itself, and may look at the disk past the store.
      'no-restricted-syntax': ['error', ...EVERYWHERE, SLEEP],
    },
  },
  {
    files: ['scripts/**', '*.config.{ts,js}', '.dependency-cruiser.cjs'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['scripts/**/*.mjs'],
    rules: {
      // The compiler checks these files (checkJs): it knows the globals, and it sees the JSDoc casts
      // that the rule does not.
      'no-undef': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['*.config.js', '.dependency-cruiser.cjs'],
    ...ts.configs.disableTypeChecked,
  },
);
