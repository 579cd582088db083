/**
 * A Vite plugin that lets hnswlib-wasm run under a content security policy without 'unsafe-eval'.
 * Emscripten's embind, in its bundle, writes the glue of every bound function as source text and
 * compiles it with `new Function`. This puts closures in the place of the two functions that do so;
 * they marshal the same arguments in the same order. It does not touch the wasm.
 *
 * A build stops when the bundle no longer looks as expected: better than an app that fails under
 * its own policy. List it in `worker.plugins` too, where workers import hnswlib.
 */
import type { Plugin } from 'vite';

/** A replaced piece: from the first `from` up to and including the first `to` behind it. */
interface Piece {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly by: string;
}

const PIECES: readonly Piece[] = [
  {
    // argTypes: the result's type, the class's (null for a function), then the arguments'. A type
    // without a `destructorFunction` property frees by itself onto the list that it is given.
    name: 'craftInvokerFunction',
    from: 'function craftInvokerFunction(',
    to: 'return newFunc(Function, args1).apply(null, args2);\n',
    by: `function craftInvokerFunction(humanName, argTypes, classType, invoker, target, isAsync) {
      assert(!isAsync, 'Async bindings are only supported with JSPI.');
      const [resultType, thisType, ...types] = argTypes;
      const isMethod = thisType !== null && classType !== null;
      const wiredTypes = isMethod ? [thisType, ...types] : types;
      const listsDestructors = argTypes
        .slice(1)
        .some((type) => type !== null && type.destructorFunction === undefined);
      const returns = resultType.name !== 'void';
      return function (...values) {
        if (values.length !== types.length)
          throwBindingError(
            'function ' + humanName + ' called with ' + values.length + ' arguments, expected ' + types.length,
          );
        const destructors = listsDestructors ? [] : null;
        if (isMethod) values.unshift(this);
        const wired = wiredTypes.map((type, i) => type.toWireType(destructors, values[i]));
        const result = invoker(target, ...wired);
        if (listsDestructors) runDestructors(destructors);
        else
          wiredTypes.forEach((type, i) => {
            if (type.destructorFunction !== null) type.destructorFunction(wired[i]);
          });
        if (returns) return resultType.fromWireType(result);
      };
`,
  },
  {
    // The other direction: C++ calls a method of a JavaScript value, arguments packed in memory.
    name: '__emval_get_method_caller',
    from: 'var params = ["retType"];',
    to: 'var invokerFunction = newFunc(Function, params).apply(null, args);\n',
    by: `const argumentTypes = types.slice(1);
      const invokerFunction = (handle, name, destructors, packed) => {
        let at = packed;
        const values = argumentTypes.map((type) => {
          const value = type.readValueFromPointer(at);
          at += type.argPackAdvance;
          return value;
        });
        const result = handle[name](...values);
        argumentTypes.forEach((type, i) => {
          if (type.deleteObject) type.deleteObject(values[i]);
        });
        if (!retType.isVoid) return retType.toWireType(destructors, result);
      };
`,
  },
];

/** Any way to make code of text. */
const EVALUATES = /\bnew Function\b|\bFunction\s*\(|\bnewFunc\(Function\b|\beval\s*\(/;

const COMMENT = /^\s*(\/\/|\*|\/\*)/;

/** The bundle with closures for generated code. @throws where it is not the bundle known here */
export function withoutEval(code: string): string {
  for (const { name, from, to, by } of PIECES) {
    const start = code.indexOf(from);
    const end = code.indexOf(to, start);
    if (start < 0 || end < 0 || code.includes(from, start + 1))
      throw new Error(
        `vite-hnswlib-csp: ${name} is not in hnswlib-wasm as known; look at its bundle.`,
      );
    code = code.slice(0, start) + by + code.slice(end + to.length);
  }
  const left = code.split('\n').find((line) => !COMMENT.test(line) && EVALUATES.test(line));
  if (left !== undefined)
    throw new Error(`vite-hnswlib-csp: hnswlib-wasm still evaluates text: ${left.slice(0, 200)}`);
  return code;
}

/** Takes `new Function` out of hnswlib-wasm, in development, builds and tests. */
export default function hnswlibCsp(): Plugin {
  return {
    name: 'hnswlib-csp',
    // Pre-bundling would copy the bundle past this plugin.
    config: () => ({ optimizeDeps: { exclude: ['hnswlib-wasm'] } }),
    transform: {
      filter: { id: /[\\/]hnswlib-wasm[\\/]dist[\\/].*\.js(\?|$)/ },
      handler(code) {
        return code.includes('embind') ? { code: withoutEval(code), map: null } : undefined;
      },
    },
  };
}
