/** A terminal in a picture: a command and what it has shown. */
export interface PicturedTerminal {
  readonly line: string
  /** The output with the escape codes of styles. */
  readonly output: string
}

const lineHeight = 19
const characterWidth = 8.43
const padding = 16
const fewestColumns = 72
const mostColumns = 110

/** The classes of the escape codes that the command uses. */
const classOf: Readonly<Record<string, string>> = { 2: 'dim', 31: 'red' }

const style = `rect{fill:#1b1f27}text{font:14px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d8dee9;white-space:pre}
.prompt{fill:#8fbf7f;font-weight:bold}.dim{fill:#8a93a3}.red{fill:#ff7b85}line{stroke:#3a4150}`

/** Draws terminals one above the other, as an SVG document. */
export function terminalSvg(terminals: readonly PicturedTerminal[]): string {
  const rows: string[] = []
  let y = padding
  let columns = fewestColumns
  for (const [index, { line, output }] of terminals.entries()) {
    if (index > 0) {
      rows.push(`<line x1="0" x2="100%" y1="${y + 8}" y2="${y + 8}"/>`)
      y += 20
    }
    const prompt = `$ ${line}`
    const lines = [[{ text: prompt, name: 'prompt' }], ...styledLines(output)]
    for (const spans of lines) {
      y += lineHeight
      const shown = spans.map(
        ({ text, name }) => `<tspan${name === '' ? '' : ` class="${name}"`}>${escape(text)}</tspan>`,
      )
      rows.push(`<text x="${padding}" y="${y - 5}">${shown.join('')}</text>`)
      columns = Math.max(
        columns,
        spans.reduce((length, { text }) => length + text.length, 0),
      )
    }
  }
  const width = Math.ceil(Math.min(columns, mostColumns) * characterWidth + 2 * padding)
  const height = y + padding
  const title = escape(terminals.map(({ line }) => line).join('; '))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>${title}</title><style>${style}</style><rect width="${width}" height="${height}" rx="8"/>
${rows.join('\n')}
</svg>
`
}

interface Span {
  readonly text: string
  /** A class of the style sheet; empty for plain text. */
  readonly name: string
}

/** Splits output into lines of styled text. A line that was written over, such as that of a progress, is left out. */
function styledLines(output: string): readonly (readonly Span[])[] {
  let name = ''
  const plain = output.replaceAll('\r\n', '\n').trimEnd()
  return plain.split('\n').flatMap((line) => {
    const visible = line.split('\r\u001b[K').at(-1) ?? ''
    const parts = visible.split(new RegExp(`${'\u001b'}\\[(\\d+)m`))
    const spans = parts.flatMap((part, index): readonly Span[] => {
      if (index % 2 === 0) return part === '' ? [] : [{ text: part, name }]
      name = classOf[part] ?? ''
      return []
    })
    return rowsOf(spans)
  })
}

/** Breaks a line where a terminal does. */
function rowsOf(spans: readonly Span[]): readonly (readonly Span[])[] {
  const rows: Span[][] = [[]]
  let length = 0
  for (const { text, name } of spans) {
    for (let rest = text; rest !== '';) {
      if (length === mostColumns) {
        rows.push([])
        length = 0
      }
      const part = rest.slice(0, mostColumns - length)
      rows.at(-1)?.push({ text: part, name })
      length += part.length
      rest = rest.slice(part.length)
    }
  }
  return rows
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
