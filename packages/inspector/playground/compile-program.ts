import { importFunction, rewriteImports } from './rewrite-imports.js'

/** The name of the program in stack traces. */
const sourceName = 'playground-program.js'

/** A compiled program. It resolves at the end of its last statement. */
export type Program = (importModule: (name: string) => object) => Promise<void>

/** Compiles a program, whose lines keep their numbers. Throws a `SyntaxError` if it is not JavaScript. */
export function compileProgram(source: string): Program {
  // Indirect, so that the program sees only global names.
  const evaluate = globalThis.eval
  return evaluate(
    `(async (${importFunction}) => { 'use strict'; ${rewriteImports(source)}\n})\n//# sourceURL=${sourceName}`,
  ) as Program
}

/** Returns the line of the program from which an error was thrown; `undefined` if it came from elsewhere. */
export function thrownAt(error: unknown): number | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const [, line] = new RegExp(`${sourceName.replace('.', '\\.')}:(\\d+)`).exec(stack) ?? []
  return line === undefined ? undefined : Number(line)
}
