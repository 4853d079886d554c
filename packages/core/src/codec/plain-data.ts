import type { DecodeIssue } from './codec.js'
import { tooDeep } from './depth.js'
import { renderValue, stepInto } from './rendering.js'

/** What a format can carry. */
export interface DataRule {
  readonly maximumDepth: number
  /** Asked for what is not null, a boolean, a text, a finite number, an array or a plain object. */
  readonly carries: (value: unknown) => boolean
  /** Asked for every text and key; left out by a format that carries them all. */
  readonly carriesText: ((text: string) => boolean) | undefined
  /** Why such a value is refused, as in "NaN is not JSON". */
  readonly refusal: string
}

/**
 * The first place where a value is not the plain data a format carries, or `undefined`.
 *
 * The same rule holds for what is read and for what is written, so that whatever is read can be written again.
 * Refused are values the format would lose without a word (`NaN`, a `Map`, `undefined` in an array), nesting beyond the
 * bound (hence cycles), and keys by which a copy of the value could reach a prototype: `__proto__`, and a `constructor`
 * that holds a `prototype`. An `undefined` property is an absent one.
 */
export function findFault(value: unknown, rule: DataRule): DecodeIssue | undefined {
  const fault = faultOf(value, rule, 0)
  return fault && { path: fault.steps.reduceRight(stepInto, '$'), message: fault.message }
}

/** `steps` leads from the fault outwards. */
interface Fault {
  readonly steps: (string | number)[]
  readonly message: string
}

function faultOf(value: unknown, rule: DataRule, depth: number): Fault | undefined {
  switch (typeof value) {
    case 'string':
      return rule.carriesText?.(value) === false ? refused(value, rule) : undefined
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) || rule.carries(value) ? undefined : refused(value, rule)
    case 'object':
      if (value === null) return undefined
      if (Array.isArray(value)) return faultInArray(value, rule, depth + 1)
      return isRecord(value) ? faultInRecord(value, rule, depth + 1) : faultInSpecial(value, rule)
    default:
      return rule.carries(value) ? undefined : refused(value, rule)
  }
}

function faultInArray(items: readonly unknown[], rule: DataRule, depth: number): Fault | undefined {
  if (depth > rule.maximumDepth) return beyond(rule)
  for (let index = 0; index < items.length; index += 1) {
    const fault = faultOf(items[index], rule, depth)
    if (fault !== undefined) return within(fault, index)
  }
  return undefined
}

function faultInRecord(record: object, rule: DataRule, depth: number): Fault | undefined {
  if (depth > rule.maximumDepth) return beyond(rule)
  for (const key of Object.keys(record)) {
    const value: unknown = (record as Readonly<Record<string, unknown>>)[key]
    if (key === '__proto__' || (key === 'constructor' && holdsPrototype(value))) {
      return { steps: [key], message: 'this key could reach a prototype and is refused' }
    }
    if (value === undefined) continue
    const fault = faultOf(value, rule, depth) ?? (rule.carriesText && faultOf(key, rule, depth))
    if (fault !== undefined) return within(fault, key)
  }
  return undefined
}

function faultInSpecial(value: object, rule: DataRule): Fault | undefined {
  if (rule.carries(value)) return undefined
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return { steps: [], message: `a ${kind} ${rule.refusal}` }
}

/** Plain objects and instances of one's own classes; not `Map`, `Date` and their like, which have state beside keys. */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype === Object.prototype ||
    prototype === null ||
    Object.prototype.toString.call(value) === '[object Object]'
  )
}

function holdsPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}

function refused(value: unknown, rule: DataRule): Fault {
  return { steps: [], message: `${renderValue(value)} ${rule.refusal}` }
}

function beyond({ maximumDepth }: DataRule): Fault {
  return { steps: [], message: tooDeep(maximumDepth) }
}

function within(fault: Fault, key: string | number): Fault {
  fault.steps.push(key)
  return fault
}
