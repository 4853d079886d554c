/** The name of the function that returns a module to a program. */
export const importFunction = '__import'

const statement =
  /^[ \t]*import\s+(type\s+(?=\{))?(?:(?:([\w$]+)\s*(?:,\s*)?)?(?:\{([^}]*)\}|\*\s*as\s+([\w$]+))?\s*from\s*)?(['"])([^'"\n]+)\5[ \t]*;?/gm

const call = /(?<![\w$.])import(?=\s*\()/g

/**
 * Replaces the imports of a program by calls of `importFunction`, so that it runs as the body of a function. Each line of the
 * program stays on its line. Type-only names are left out.
 */
export function rewriteImports(source: string): string {
  return source.replaceAll(call, importFunction).replace(statement, (text, ...groups) => {
    const [isType, byDefault, names, all, , module] = groups as readonly (string | undefined)[]
    const value = `${importFunction}(${JSON.stringify(module)})`
    const parts = [
      byDefault === undefined ? '' : `const { default: ${byDefault} } = ${value};`,
      names === undefined ? '' : `const {${toPattern(names)}} = ${value};`,
      all === undefined ? '' : `const ${all} = ${value};`,
    ].join('')
    const code = isType !== undefined ? '' : parts === '' ? `${value};` : parts
    return code + '\n'.repeat(linesOf(text) - linesOf(code))
  })
}

const toPattern = (names: string): string =>
  names.replaceAll(/\btype\s+[\w$]+(?:\s+as\s+[\w$]+)?\s*,?/g, '').replaceAll(/\s+as\s+/g, ': ')

const linesOf = (text: string): number => text.split('\n').length
