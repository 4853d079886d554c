import type { ObservableInput } from 'rxjs'

/** The method by which other libraries' Observables are recognised. */
const interop = (Symbol as { readonly observable?: symbol }).observable ?? '@@observable'

// Those of Observables and Promises first: most handlers return one of them.
const methods = [interop, 'then', Symbol.asyncIterator, Symbol.iterator, 'getReader'] as const

/**
 * Whether the result of a handler is a stream or Promise of responses, and not a response itself. Unlike in RxJS, a string,
 * bytes or an object with a `length` is a response.
 */
export function isStream(result: unknown): result is ObservableInput<unknown> {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return false
  if (ArrayBuffer.isView(result)) return false
  const members = result as Readonly<Record<PropertyKey, unknown>>
  for (const method of methods) if (typeof members[method] === 'function') return true
  return false
}
