/** Members that a class inherits from JavaScript's own `Error`. */
const errorMembers = ['stack', 'captureStackTrace', 'prepareStackTrace', 'stackTraceLimit']

/** A row of a table of properties: the name of the property, and its cells. */
const row = /^\| <a id="property-[^"]*"><\/a> `(\w+)(\??)` \|(.*)\|$/gm

/**
 * Returns what is wrong with a generated page of the reference: members of `Error`, and options without a description or
 * without what holds if they are left out.
 */
export function referenceFaults(page: string, markdown: string): readonly string[] {
  const inherited = errorMembers.filter((member) =>
    new RegExp(`^#+ ${member}\\b|^\\| .*\`${member}\\??\` \\|`, 'm').test(markdown),
  )
  const options = /Options\.md$/.test(page) ? [...markdown.matchAll(row)] : []
  const cellsOf = (cells: string): readonly string[] => cells.split(/(?<!\\)\|/).map((cell) => cell.trim())
  return [
    ...inherited.map((member) => `${page}: lists ${member}, which every Error has`),
    ...options
      .filter(([, , , cells = '']) => cellsOf(cells).at(-1) === '-')
      .map(([, name = '']) => `${page}: ${name} has no description`),
    ...options
      .filter(([, , isOptional, cells = '']) => isOptional === '?' && cellsOf(cells).includes('`undefined`'))
      .map(([, name = '']) => `${page}: ${name} has neither a default value nor none`),
  ]
}

/** Writes `none` where an optional property has no default value, and nothing where a property is required. */
export function writeDefaults(markdown: string): string {
  return markdown.replaceAll(row, (line, _, isOptional: string) =>
    line.replace(/(?<!\\)\| `undefined` \|/, isOptional === '?' ? '| none |' : '| |'),
  )
}
