import { invalidArgument, quoted } from '@antiphon/core/link'
import { isSharedFilter, validateTopicFilter } from '@antiphon/core/topic'

/** A piece of a template: literal text, or the device id followed by a literal suffix. */
export type TemplatePiece = string | { readonly suffix: string }

/** A parsed template: a topic filter with placeholders for the device id. */
export interface SpaceTemplate {
  readonly text: string
  readonly levels: readonly (readonly TemplatePiece[])[]
}

const variable = /\$\{([^}]*)\}/gy
const variableForms = 'use ${principal.deviceid}, ${principal.deviceid|.suffix} or ${dollar}'

/**
 * Parses a template such as `vehicles/+/${principal.deviceid}`. Variables are case-insensitive and may be part of a level,
 * but not span two. Throws `invalid-argument` with the template and the rule.
 */
export function parseTemplate(text: string): SpaceTemplate {
  const pieces = readPieces(text)
  const levels: TemplatePiece[][] = [[]]
  for (const piece of pieces) {
    const [first = '', ...others] = typeof piece === 'string' ? piece.split('/') : [piece]
    levels.at(-1)?.push(first)
    for (const other of others) levels.push([other])
  }
  const template = { text, levels }
  const fault = validateTopicFilter(fillIn(template, 'x'))
  if (fault !== undefined) throw invalidTemplate(text, fault)
  if (isSharedFilter(fillIn(template, 'x')))
    throw invalidTemplate(text, 'shared subscriptions are not supported')
  return template
}

/**
 * Substitutes a device id in a template. Returns `undefined`, and so no rights, if the id would change the meaning of the
 * filter: if it contains `/`, `+`, `#` or U+0000, or if the filter would begin with the `$` of the id.
 */
export function substitute(template: SpaceTemplate, deviceId: string): string | undefined {
  const { levels } = template
  if (!levels.flat().some(isVariable)) return fillIn(template, deviceId)
  if (['/', '+', '#', '\u0000'].some((character) => deviceId.includes(character))) return undefined
  if (deviceId === '') return undefined
  const firstPiece = levels[0]?.find((piece) => piece !== '')
  if (deviceId.startsWith('$') && firstPiece !== undefined && isVariable(firstPiece)) return undefined
  return fillIn(template, deviceId)
}

/** Returns the filter that covers a template for all devices: a level with a variable becomes `+`. */
export function widestFilter({ levels }: SpaceTemplate): string {
  return levels
    .map((level) =>
      level.some(isVariable) ? '+' : level.filter((piece) => typeof piece === 'string').join(''),
    )
    .join('/')
}

function readPieces(text: string): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = []
  let at = 0
  while (at < text.length) {
    const next = text.indexOf('$', at)
    if (next < 0) break
    if (next > at) pieces.push(text.slice(at, next))
    variable.lastIndex = next
    const [whole, inside] = variable.exec(text) ?? []
    if (whole === undefined || inside === undefined)
      throw invalidTemplate(text, `it contains a $ outside a variable: ${variableForms}`)
    pieces.push(toPiece(text, inside))
    at = next + whole.length
  }
  return at < text.length ? [...pieces, text.slice(at)] : pieces
}

function toPiece(text: string, inside: string): TemplatePiece {
  const at = inside.indexOf('|')
  const name = (at < 0 ? inside : inside.slice(0, at)).toLowerCase()
  const suffix = at < 0 ? '' : inside.slice(at + 1)
  if (name === 'dollar' && at < 0) return '$'
  if (name !== 'principal.deviceid')
    throw invalidTemplate(text, `\${${inside}} is not a variable: ${variableForms}`)
  if (at >= 0 && !/^\.[^/+#$|]+$/.test(suffix)) {
    throw invalidTemplate(
      text,
      `the suffix is ${quoted(suffix)}: it must be a dot followed by text without / + # $ |`,
    )
  }
  return { suffix }
}

function isVariable(piece: TemplatePiece): boolean {
  return typeof piece !== 'string'
}

function fillIn({ levels }: SpaceTemplate, deviceId: string): string {
  return levels
    .map((level) =>
      level.map((piece) => (typeof piece === 'string' ? piece : deviceId + piece.suffix)).join(''),
    )
    .join('/')
}

function invalidTemplate(text: string, why: string): Error {
  return invalidArgument(`invalid template ${quoted(text)}: ${why}`)
}
