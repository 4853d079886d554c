import { nearestNameHint } from '@antiphon/core/link'
import { randomInt, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { usageError } from '../usage-error.js'
import { toJson } from './formats.js'

/** What the expressions of a template refer to. */
export interface TemplateScope {
  /** The number of the message, from 1. */
  readonly count: number
  readonly topic: string
  readonly params?: Readonly<Record<string, string>>
  /** The User Properties of the request that is responded to. */
  readonly properties?: readonly (readonly [name: string, value: string])[]
  /** The payload of the request that is responded to, as text. */
  readonly payload?: string
  /** Its value. */
  readonly value?: unknown
}

/** A compiled template. */
export type Template = (scope: TemplateScope) => string

type Expression = (args: readonly string[]) => Template

const expressions: Readonly<Record<string, Expression>> = {
  count: () => (scope) => String(scope.count),
  random: ([least, most]) => {
    if (least === undefined) return () => String(Math.random())
    const [from, to] = [Number(least), Number(most)]
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from > to)
      throw usageError('{{random}} takes two whole numbers in order, such as {{random 1 6}}')
    return () => String(randomInt(from, to + 1))
  },
  time: ([unit = 'iso']) => {
    if (unit === 'iso') return () => new Date().toISOString()
    if (unit === 'ms') return () => String(Date.now())
    if (unit === 's') return () => String(Math.floor(Date.now() / 1_000))
    throw usageError(`{{time ${unit}}} is not known: use {{time}}, {{time ms}} or {{time s}}`)
  },
  uuid: () => () => randomUUID(),
  line: ([file]) => {
    if (file === undefined) throw usageError('{{line}} needs a file, such as {{line names.txt}}')
    const lines = linesOf(file)
    return ({ count }) => lines[(count - 1) % lines.length] ?? ''
  },
  topic: () => (scope) => scope.topic,
  param:
    ([name = '']) =>
    ({ params = {} }) =>
      params[name] ?? '',
  property:
    ([name = '']) =>
    ({ properties = [] }) =>
      properties.find(([key]) => key === name)?.[1] ?? '',
  payload:
    () =>
    ({ payload = '' }) =>
      payload,
  value:
    () =>
    ({ value }) =>
      toText(value),
}

/**
 * Compiles a template: text with expressions such as `{{count}}` or `{{value.city}}`. Throws `invalid-argument` for an
 * expression that is not known, and for a file that cannot be read.
 */
export function compileTemplate(text: string): Template {
  const parts: (Template | string)[] = []
  let end = 0
  for (const match of text.matchAll(/\{\{\s*(.*?)\s*\}\}/gs)) {
    parts.push(text.slice(end, match.index), compileExpression(match[1] ?? ''))
    end = match.index + match[0].length
  }
  parts.push(text.slice(end))
  return (scope) => parts.map((part) => (typeof part === 'string' ? part : part(scope))).join('')
}

function compileExpression(source: string): Template {
  const [name = '', ...args] = source.split(/\s+/)
  if (name.startsWith('value.')) {
    const path = name.split('.').slice(1)
    return ({ value }) => toText(path.reduce(step, value))
  }
  const expression = Object.hasOwn(expressions, name) ? expressions[name] : undefined
  if (expression === undefined)
    throw usageError(`{{${source}}} is not known: ${nearestNameHint(name, Object.keys(expressions))}`)
  return expression(args)
}

function step(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null
  return isObject && Object.hasOwn(value, name) ? value[name as keyof object] : undefined
}

/** Returns text as it is, other data as JSON, and nothing for a path that leads nowhere. */
function toText(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : toJson(value)
}

function linesOf(file: string): readonly string[] {
  try {
    const lines = readFileSync(file, 'utf8')
      .replace(/\r?\n$/, '')
      .split(/\r?\n/)
    return lines
  } catch (error) {
    throw usageError(`cannot read {{line ${file}}}: ${(error as Error).message.replace(/, .*$/, '')}`)
  }
}
