import type { Either } from 'fp-ts/lib/Either.js'
import type { DecodeIssue } from './codec.js'

/** Converts between the values of a schema and the data in payloads. */
export interface Conversion<A, Sent> {
  /** Returns the data of a value; throws, with the path of the fault, if the value is invalid. */
  readonly encode: (value: Sent) => unknown
  /** Returns the value of data. It may throw; the message becomes the issue. */
  readonly decode: (data: unknown) => Either<readonly [DecodeIssue, ...DecodeIssue[]], A>
}

/** Creates the error for a value that does not encode. */
export function invalidValue({ path, message }: DecodeIssue): TypeError {
  return new TypeError(`${path}: ${message}`)
}
