/** A part of a program in one colour; `undefined` for that of the text. */
export interface Token {
  readonly text: string
  readonly kind: 'comment' | 'string' | 'number' | 'keyword' | undefined
}

const keywords = (
  'async await break case catch class const continue default delete do else export extends false finally for from ' +
  'function if import in instanceof let new null of return static super switch this throw true try typeof undefined ' +
  'var void while yield'
).replaceAll(' ', '|')

const pattern = new RegExp(
  [
    '(?<comment>//[^\\n]*|/\\*[^]*?(?:\\*/|$))',
    '(?<string>\'(?:[^\'\\\\\\n]|\\\\.)*\'?|"(?:[^"\\\\\\n]|\\\\.)*"?|`(?:[^`\\\\]|\\\\[^])*`?)',
    '(?<number>\\b\\d[\\d_.]*\\b)',
    // Not a property, nor the functions `of` and `from` in a call or an import.
    `(?<keyword>(?<![\\w$.])(?:${keywords})(?![\\w$]|:)(?!(?<=of|from)\\s*[(,}]))`,
  ].join('|'),
  'g',
)

/** Returns the parts of a program, which together are its text. It need not be valid. */
export function highlight(source: string): readonly Token[] {
  const tokens: Token[] = []
  let end = 0
  for (const match of source.matchAll(pattern)) {
    if (match.index > end) tokens.push({ text: source.slice(end, match.index), kind: undefined })
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? []
    tokens.push({ text: match[0], kind: kind as Token['kind'] })
    end = match.index + match[0].length
  }
  if (end < source.length) tokens.push({ text: source.slice(end), kind: undefined })
  return tokens
}
