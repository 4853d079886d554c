import { describe, expect, it } from 'vitest'
import { compileProgram, thrownAt } from '../../playground/compile-program.js'
import { importFrom } from '../../playground/program-modules.js'
import { syntaxErrorLine } from '../../playground/syntax-error-line.js'
import { rewriteImports } from '../../playground/rewrite-imports.js'

describe('rewriteImports', () => {
  it.each([
    [`import { a, b as c } from 'x'`, `const { a, b: c } = __import("x");`],
    [`import * as x from "x";`, `const x = __import("x");`],
    [`import x, { a } from 'x'`, `const { default: x } = __import("x");const { a } = __import("x");`],
    [`import x from 'x'`, `const { default: x } = __import("x");`],
    [`  import 'x'`, `__import("x");`],
    [`import { a, type B, c } from 'x'`, `const { a,  c } = __import("x");`],
    [`import type { A } from 'x'`, ''],
    [`await import('x')`, `await __import('x')`],
    [`say("important (x)")`, `say("important (x)")`],
  ])('turns %s into %s', (source, expected) => {
    expect(rewriteImports(source)).toBe(expected)
  })

  it('keeps each line of the program on its line', () => {
    const source = `import {\n  a,\n  b,\n} from 'x'\nimport c\n  from 'y'\na()`
    const lines = rewriteImports(source).split('\n')
    expect(lines).toHaveLength(7)
    expect(lines[6]).toBe('a()')
  })
})

describe('compileProgram', () => {
  const seen: unknown[] = []
  const modules = {
    x: { double: (value: number) => 2 * value, seen },
    many: Object.fromEntries('abcdefghijkl'.split('').map((name) => [name, 1])),
  }
  const run = (source: string) => compileProgram(source)(importFrom(modules))

  it('runs a program with imports and top-level await', async () => {
    await run(
      `import { double, seen } from 'x'\nconst x = await import('x')\nseen.push(await double(2), x.double(3))`,
    )
    expect(seen).toEqual([4, 6])
  })

  it('throws for a program that is not JavaScript', () => {
    expect(() => compileProgram('const a = ;')).toThrow(SyntaxError)
  })

  it.each([
    [`import { z } from 'zod'`, `cannot import 'zod': the playground has x, many`],
    [`import { dubble } from 'x'`, `'x' has no export dubble: did you mean double?`],
    [`import { unlike } from 'many'`, `'many' has no export unlike`],
  ])('fails with a hint for %s', async (source, message) => {
    await expect(run(source)).rejects.toThrow(message)
  })

  it('finds the line of an error in the program, and none of another one', async () => {
    const error: unknown = await run(`import { double } from 'x'\n\ndouble.a.b()`).catch(
      (thrown: unknown) => thrown,
    )
    expect(thrownAt(error)).toBe(3)
    expect(thrownAt(new Error('elsewhere'))).toBeUndefined()
    expect(thrownAt('text')).toBeUndefined()
  })
})

describe('syntaxErrorLine', () => {
  it.each([
    ['in Firefox', { lineNumber: 2 }, 2],
    ['in Safari', { line: 2 }, 2],
    ['after the last line', { lineNumber: 9 }, 3],
    ['that is not known', { line: 0 }, undefined],
  ])('finds the line of an error %s', (_, place, line) => {
    expect(syntaxErrorLine(Object.assign(new SyntaxError('unexpected'), place), 3)).toBe(line)
  })
})
