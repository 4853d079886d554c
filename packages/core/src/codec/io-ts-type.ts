import type { Either } from 'fp-ts/lib/Either.js'

/**
 * The part of io-ts' `Type` that codecs use.
 *
 * Codecs take io-ts types by their structure, so that an application without io-ts does not need to install it.
 */
export interface IoTsType<A, O = unknown> {
  /** Carries the type of the values; `undefined` at run time. */
  readonly _A: A
  /** Carries the type of the encoded values; `undefined` at run time. */
  readonly _O: O
  readonly name: string
  readonly is: (value: unknown) => value is A
  readonly encode: (value: A) => O
  readonly decode: (input: unknown) => Either<readonly IoTsError[], A>
}

/** An error of io-ts, with the values and types from the root to the fault. */
export interface IoTsError {
  readonly value: unknown
  readonly context: readonly IoTsContextEntry[]
  readonly message?: string | undefined
}

/** One level in the context of an error of io-ts. */
export interface IoTsContextEntry {
  readonly key: string
  readonly type: { readonly name: string }
  readonly actual?: unknown
}

/** Whether a value has the methods of an io-ts type. */
export function isIoTsType(value: unknown): value is IoTsType<unknown> {
  if (typeof value !== 'object' || value === null) return false
  const { name, is, encode, decode } = value as Partial<IoTsType<unknown>>
  return (
    typeof name === 'string' && [is, encode, decode].every((member: unknown) => typeof member === 'function')
  )
}
