import { invalidArgument, quoted } from '@antiphon/core/link'
import { isSharedFilter, validateTopicFilter } from '@antiphon/core/topic'

/** A piece of a template: literal text, or a variable followed by a literal suffix. */
export type TemplatePiece = string | { readonly variable: string; readonly suffix: string }

/** A parsed template: a topic filter with variables. */
export interface SpaceTemplate {
  readonly text: string
  readonly levels: readonly (readonly TemplatePiece[])[]
}

/** The variables of a kind of templates. */
export interface TemplateVariables {
  /** Returns the name of a variable as `fillTemplate` uses it, or `undefined` if there is no such variable. */
  readonly nameOf: (name: string) => string | undefined
  /** Lists the forms, for errors. */
  readonly forms: string
}

const variable = /\$\{([^}]*)\}/gy

/**
 * Parses a template. A variable may be part of a level, but not span two; `${dollar}` is a literal `$`. Throws
 * `invalid-argument` with the template and the rule.
 */
export function parseTopicTemplate(text: string, variables: TemplateVariables): SpaceTemplate {
  const pieces = readPieces(text, variables)
  const levels: TemplatePiece[][] = [[]]
  for (const piece of pieces) {
    const [first = '', ...others] = typeof piece === 'string' ? piece.split('/') : [piece]
    levels.at(-1)?.push(first)
    for (const other of others) levels.push([other])
  }
  const template = { text, levels }
  const example = join(template, () => 'x')
  const fault = validateTopicFilter(example)
  if (fault !== undefined) throw invalidTemplate(text, fault)
  if (isSharedFilter(example)) throw invalidTemplate(text, 'shared subscriptions are not supported')
  return template
}

/**
 * Replaces the variables of a template. Returns `undefined`, and so no rights, if a variable has no value, or its value would
 * change the meaning of the filter: if it contains `/`, `+`, `#` or U+0000, or if the filter would begin with the `$` of the value.
 */
export function fillTemplate(
  template: SpaceTemplate,
  valueOf: (variable: string) => string | undefined,
): string | undefined {
  const { levels } = template
  const used = levels.flat().filter((piece) => typeof piece !== 'string')
  const values = new Map(used.map((piece) => [piece.variable, valueOf(piece.variable) ?? '']))
  for (const value of values.values()) if (value === '' || /[/+#\0]/.test(value)) return undefined
  const first = levels[0]?.find((piece) => piece !== '')
  if (first !== undefined && typeof first !== 'string' && values.get(first.variable)?.startsWith('$'))
    return undefined
  return join(template, (name) => values.get(name) ?? '')
}

/** Returns the filter that covers a template for all values: a level with a variable becomes `+`. */
export function widestFilter({ levels }: SpaceTemplate): string {
  return levels
    .map((level) => (level.every((piece) => typeof piece === 'string') ? level.join('') : '+'))
    .join('/')
}

function readPieces(text: string, variables: TemplateVariables): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = []
  let at = 0
  while (at < text.length) {
    const next = text.indexOf('$', at)
    if (next < 0) break
    if (next > at) pieces.push(text.slice(at, next))
    variable.lastIndex = next
    const [whole, inside] = variable.exec(text) ?? []
    if (whole === undefined || inside === undefined)
      throw invalidTemplate(text, `it contains a $ outside a variable: use ${variables.forms}`)
    pieces.push(toPiece(text, inside, variables))
    at = next + whole.length
  }
  return at < text.length ? [...pieces, text.slice(at)] : pieces
}

function toPiece(text: string, inside: string, { nameOf, forms }: TemplateVariables): TemplatePiece {
  const at = inside.indexOf('|')
  const written = at < 0 ? inside : inside.slice(0, at)
  const suffix = at < 0 ? '' : inside.slice(at + 1)
  if (written.toLowerCase() === 'dollar' && at < 0) return '$'
  const name = nameOf(written)
  if (name === undefined) throw invalidTemplate(text, `\${${inside}} is not a variable: use ${forms}`)
  if (at >= 0 && !/^\.[^/+#$|]+$/.test(suffix)) {
    throw invalidTemplate(
      text,
      `the suffix is ${quoted(suffix)}: it must be a dot followed by text without / + # $ |`,
    )
  }
  return { variable: name, suffix }
}

function join({ levels }: SpaceTemplate, valueOf: (variable: string) => string): string {
  return levels
    .map((level) =>
      level
        .map((piece) => (typeof piece === 'string' ? piece : valueOf(piece.variable) + piece.suffix))
        .join(''),
    )
    .join('/')
}

function invalidTemplate(text: string, why: string): Error {
  return invalidArgument(`invalid template ${quoted(text)}: ${why}`)
}
