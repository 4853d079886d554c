/** What stands in one column of a time line: values that are emitted together, and how the stream ends there, if it does. */
export interface Mark {
  readonly at: number
  readonly values: readonly string[]
  readonly end?: End
}

/** `|`, `#`, `^` and `!` of RxJS's marbles. */
export type End = 'completes' | 'fails' | 'is subscribed' | 'is unsubscribed'

/** `[a---]`: a run of a handler, as long as its characters. */
export interface Span {
  readonly at: number
  readonly length: number
  readonly value: string
}

/** A time line. A column is a unit of time. */
export interface Stream {
  readonly kind: 'stream'
  readonly label: string
  /** The marbles, which RxJS reads as well if they have no spans. */
  readonly marbles: string
  /** The first and the last column. */
  readonly from: number
  readonly to: number
  readonly marks: readonly Mark[]
  readonly spans: readonly Span[]
}

/** Words below the time line before them, each at its column. */
export interface Notes {
  readonly kind: 'notes'
  readonly label: string
  readonly notes: readonly { readonly at: number; readonly text: string }[]
}

/** The operator between the time lines before and after it. */
export interface Operator {
  readonly kind: 'operator'
  readonly text: string
}

/** A line of a diagram. */
export type Row = Stream | Notes | Operator

const ends: Readonly<Record<string, End>> = {
  '|': 'completes',
  '#': 'fails',
  '^': 'is subscribed',
  '!': 'is unsubscribed',
}

/**
 * Reads a marble diagram as it stands in a page, one row a line.
 *
 * The first line is a time line: a label, at least two spaces, and marbles as in RxJS, except that a space is a column, too.
 * All other time lines are aligned with it. An indented line is an operator. A label before words adds notes.
 *
 * @throws An error that names the line, if it is not one of these.
 */
export function parseMarbles(text: string): readonly Row[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const origin = /^\S.*?\s{2,}(?=\S)/.exec(lines[0] ?? '')?.[0].length
  if (origin === undefined)
    throw new Error(`cannot read the marbles "${lines[0] ?? ''}": write a label, two spaces and a time line`)
  return lines.map((line) => rowOf(line, origin))
}

function rowOf(line: string, origin: number): Row {
  const label = line.slice(0, origin)
  const rest = line.slice(origin).trimEnd()
  if (label.trim() === '' && isTimeLine(rest)) return streamOf('', rest)
  if (!line.startsWith(' ')) {
    if (!label.endsWith(' '))
      throw new Error(`cannot read the marbles "${line}": its label is longer than that of the first line`)
    return isTimeLine(rest) ? streamOf(label.trim(), rest) : notesOf(label.trim(), rest)
  }
  return { kind: 'operator', text: line.trim() }
}

const isTimeLine = (text: string): boolean => /^[\w\s()[\]|#^!-]+$/.test(text) && !/^\s*\w{2}/.test(text)

function streamOf(label: string, marbles: string): Stream {
  const marks: Mark[] = []
  const spans: Span[] = []
  for (let at = 0; at < marbles.length; at += 1) {
    const rest = marbles.slice(at)
    const [group, span] = [/^\(([^()]*)\)/.exec(rest), /^\[(\w)-*\]/.exec(rest)]
    if (group !== null) {
      marks.push(markOf(at, group[1] ?? ''))
      at += group[0].length - 1
    } else if (span !== null) {
      spans.push({ at, length: span[0].length, value: span[1] ?? '' })
      at += span[0].length - 1
    } else if (/^[()[\]]/.test(rest)) {
      throw new Error(`cannot read the marbles "${marbles}": "${rest}" is neither a group nor a run`)
    } else if (!/^[-\s]/.test(rest)) marks.push(markOf(at, rest.charAt(0)))
  }
  const end = marks.find(({ end }) => end === 'completes' || end === 'fails')
  return {
    kind: 'stream',
    label,
    marbles: marbles.trim(),
    from: marbles.length - marbles.trimStart().length,
    to: end?.at ?? marbles.length - 1,
    marks,
    spans,
  }
}

function markOf(at: number, characters: string): Mark {
  const found = [...characters]
  const end = found.map((character) => ends[character]).find((each) => each !== undefined)
  const values = found.filter((character) => /\w/.test(character))
  return { at, values, ...(end === undefined ? {} : { end }) }
}

function notesOf(label: string, text: string): Notes {
  const notes = [...text.matchAll(/\S+(?: \S+)*/g)].map(({ index, 0: note }) => ({ at: index, text: note }))
  return { kind: 'notes', label, notes }
}
