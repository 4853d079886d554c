import type { DecodeIssue } from './codec.js'
import { tooDeep } from './depth.js'
import { renderValue, appendToPath } from '../rendering.js'

/** The values that a format can represent. */
export interface DataRule {
  readonly maximumDepth: number
  /** Called for values other than null, booleans, strings, finite numbers, arrays and plain objects. */
  readonly carries: (value: unknown) => boolean
  /** Called for every string and key; absent if the format can represent all of them. */
  readonly carriesText: ((text: string) => boolean) | undefined
  /** The predicate of the error message, as "is not JSON" in "NaN is not JSON". */
  readonly refusal: string
}

/**
 * Returns the first fault of a value that a format cannot represent, or `undefined`.
 *
 * The same rule applies to decoding and encoding, so that every decoded value can be encoded again. Rejected are values
 * that the format would silently lose (`NaN`, a `Map`, `undefined` in an array), nesting beyond `maximumDepth` (and so
 * cycles), and keys by which a copy of the value could reach a prototype: `__proto__`, and `constructor` with a
 * `prototype` in it. An `undefined` property counts as absent.
 *
 * With `isOfPlainObjects`, objects are taken for plain ones: their prototypes are not looked at.
 */
export function findFault(value: unknown, rule: DataRule, isOfPlainObjects = false): DecodeIssue | undefined {
  // Most values are plain; only the others need the time to name a path.
  if (rule.carriesText === undefined && isPlain(value, rule.maximumDepth, isOfPlainObjects)) return undefined
  const fault = faultOf(value, rule, 0)
  if (fault === undefined) return undefined
  // A path of a hundred steps would not help; a cycle has no end.
  const steps = fault.message === tooDeep(rule.maximumDepth) ? [] : fault.steps
  return { path: steps.reduceRight(appendToPath, '$'), message: fault.message }
}

/**
 * Whether every format without `carriesText` can represent a value. Returns `false` for values that need a closer look.
 *
 * Numbers and strings are tested in the loops: a call for each of them would take as long as the rest.
 */
function isPlain(value: unknown, depth: number, isOfPlainObjects: boolean): boolean {
  if (typeof value !== 'object') return isPlainPrimitive(value)
  if (value === null) return true
  if (depth === 0) return false
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index]
      if (typeof item === 'string') continue
      if (typeof item === 'object' ? !isPlain(item, depth - 1, isOfPlainObjects) : !isPlainPrimitive(item))
        return false
    }
    return true
  }
  if (!isOfPlainObjects && Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const key in value) {
    if (key === '__proto__' || key === 'constructor') return false
    const part: unknown = value[key as never]
    if (typeof part === 'string') continue
    if (typeof part === 'object' ? !isPlain(part, depth - 1, isOfPlainObjects) : !isPlainPrimitive(part))
      return false
  }
  return true
}

function isPlainPrimitive(value: unknown): boolean {
  // The difference of an infinity or NaN and itself is NaN.
  return typeof value === 'number'
    ? value - value === 0
    : typeof value === 'boolean' || typeof value === 'string'
}

/** A fault; `steps` is its path from the inside out. */
interface Fault {
  readonly steps: (string | number)[]
  readonly message: string
}

function faultOf(value: unknown, rule: DataRule, depth: number): Fault | undefined {
  switch (typeof value) {
    case 'string':
      return rule.carriesText?.(value) === false ? refusedFault(value, rule) : undefined
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) || rule.carries(value) ? undefined : refusedFault(value, rule)
    case 'object':
      if (value === null) return undefined
      if (Array.isArray(value)) return faultInArray(value, rule, depth + 1)
      return isRecord(value) ? faultInRecord(value, rule, depth + 1) : faultInSpecial(value, rule)
    default:
      return rule.carries(value) ? undefined : refusedFault(value, rule)
  }
}

function faultInArray(items: readonly unknown[], rule: DataRule, depth: number): Fault | undefined {
  if (depth > rule.maximumDepth) return tooDeepFault(rule)
  for (let index = 0; index < items.length; index += 1) {
    const fault = faultOf(items[index], rule, depth)
    if (fault !== undefined) return addStep(fault, index)
  }
  return undefined
}

function faultInRecord(record: object, rule: DataRule, depth: number): Fault | undefined {
  if (depth > rule.maximumDepth) return tooDeepFault(rule)
  for (const key of Object.keys(record)) {
    const value: unknown = (record as Readonly<Record<string, unknown>>)[key]
    if (key === '__proto__' || (key === 'constructor' && holdsPrototype(value))) {
      return { steps: [key], message: 'this key could reach a prototype and is refused' }
    }
    if (value === undefined) continue
    const fault = faultOf(value, rule, depth) ?? (rule.carriesText && faultOf(key, rule, depth))
    if (fault !== undefined) return addStep(fault, key)
  }
  return undefined
}

function faultInSpecial(value: object, rule: DataRule): Fault | undefined {
  if (rule.carries(value)) return undefined
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return { steps: [], message: `a ${kind} ${rule.refusal}` }
}

/** Whether it is a plain object or an instance of a user's class, not a `Map`, `Date` or other object with hidden state. */
export function isRecord(value: object): boolean {
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

function refusedFault(value: unknown, rule: DataRule): Fault {
  return { steps: [], message: `${renderValue(value)} ${rule.refusal}` }
}

function tooDeepFault({ maximumDepth }: DataRule): Fault {
  return { steps: [], message: tooDeep(maximumDepth) }
}

function addStep(fault: Fault, key: string | number): Fault {
  fault.steps.push(key)
  return fault
}
