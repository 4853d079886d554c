import { invalidArgument, quoted } from '@antiphon/core/link'
import { isSharedFilter, validateTopicFilter } from '@antiphon/core/topic'

/** A piece of a template: text that stands for itself, or the device id with a literal behind it. */
export type TemplatePiece = string | { readonly suffix: string }

/** A template taken apart: an MQTT filter with places for the device id. */
export interface SpaceTemplate {
  readonly text: string
  readonly levels: readonly (readonly TemplatePiece[])[]
}

const variable = /\$\{([^}]*)\}/gy
const forms = 'use ${principal.deviceid}, ${principal.deviceid|.suffix} or ${dollar}'

/**
 * Reads a template such as `vehicles/+/${principal.deviceid}`. Variables go in any case and may be a part of a level,
 * never span two. Throws `invalid-argument` naming the template and the rule.
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
  const fault = validateTopicFilter(withId(template, 'x'))
  if (fault !== undefined) throw wrong(text, fault)
  if (isSharedFilter(withId(template, 'x'))) throw wrong(text, 'subscriptions are not shared here')
  return template
}

/**
 * The filter a template is for one device; `undefined` where the id would not stay within its level: with `/`, `+`, `#`
 * or U+0000 in it, or as a `$` at the beginning of the topic. Such a device gets no rights from the template.
 */
export function substitute(template: SpaceTemplate, deviceId: string): string | undefined {
  const { levels } = template
  if (!levels.flat().some(isVariable)) return withId(template, deviceId)
  if (['/', '+', '#', '\u0000'].some((character) => deviceId.includes(character))) return undefined
  if (deviceId === '') return undefined
  const opening = levels[0]?.find((piece) => piece !== '')
  if (deviceId.startsWith('$') && opening !== undefined && isVariable(opening)) return undefined
  return withId(template, deviceId)
}

/** The filter of all that a template is for any device: a level with a variable in it counts as `+`. */
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
    if (whole === undefined || inside === undefined) throw wrong(text, `a $ stands alone: ${forms}`)
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
  if (name !== 'principal.deviceid') throw wrong(text, `\${${inside}} is no variable: ${forms}`)
  if (at >= 0 && !/^\.[^/+#$|]+$/.test(suffix)) {
    throw wrong(text, `the suffix ${quoted(suffix)} must be a dot and something behind it, within one level`)
  }
  return { suffix }
}

function isVariable(piece: TemplatePiece): boolean {
  return typeof piece !== 'string'
}

function withId({ levels }: SpaceTemplate, deviceId: string): string {
  return levels
    .map((level) =>
      level.map((piece) => (typeof piece === 'string' ? piece : deviceId + piece.suffix)).join(''),
    )
    .join('/')
}

function wrong(text: string, why: string): Error {
  return invalidArgument(`template ${quoted(text)}: ${why}`)
}
