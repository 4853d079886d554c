import { encodeWith, parseMediaType } from '@antiphon/core/codec'
import type { Codec, DecodeError } from '@antiphon/core'
import { expectEqual, expectThat, readable } from '@antiphon/testing/internal'
import { array, assert, constantFrom, nat, oneof, property, tuple, uint8Array } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { law, fastCheckParameters, type Law, type LawRuns } from './law.js'
import { recordPayloadAccess } from './payload-access.js'

/** The options of `codecLaws`. */
export interface CodecLawsOptions<A> extends LawRuns {
  /** Generates the values that the codec encodes. */
  readonly arbitrary: Arbitrary<A>
  /** Compares two values. @defaultValue deep equality, with 0 equal to -0 */
  readonly equals?: (a: A, b: A) => boolean
  /** The maximum payload length that the codec decodes; adds the law of this limit. */
  readonly maximumBytes?: number
  /** The maximum nesting that the codec decodes, and a payload of any depth; adds the law of this limit. */
  readonly nesting?: { readonly maximumDepth: number; readonly payload: (depth: number) => Uint8Array }
}

/**
 * Returns the laws of a codec for any test framework. Install fast-check beside this package.
 *
 * They test that
 * - `decode` returns the value that was encoded, and an error with its path and cause for an invalid payload;
 * - `decode` throws for no payload, does not change it, and every decoded value encodes again;
 * - `encode` writes every value into its own buffer, and as UTF-8 if `isText`;
 * - `accepts` accepts the content type that the codec writes, in any case;
 * - the limits of length and nesting are applied before the payload is read.
 *
 * @example
 * ```ts
 * describe('temperature', () => {
 *   for (const law of codecLaws(temperature, { arbitrary: fc.integer() })) it(law.name, law.check)
 * })
 * ```
 */
export function codecLaws<A>(codec: Codec<A>, options: CodecLawsOptions<A>): readonly Law[] {
  const { maximumBytes, nesting } = options
  return [
    ...valueLaws(codec, options),
    ...payloadLaws(codec, options),
    ...contentTypeLaws(codec),
    ...(maximumBytes === undefined ? [] : [lengthLaw(codec, maximumBytes)]),
    ...(nesting === undefined ? [] : [nestingLaw(codec, nesting)]),
  ]
}

function valueLaws<A>(codec: Codec<A>, options: CodecLawsOptions<A>): readonly Law[] {
  const { encode, decode, isText } = codec
  const { arbitrary } = options
  const forAll = (holds: (value: A) => void) => (): void =>
    assert(property(arbitrary, holds), fastCheckParameters(options))

  return [
    law(
      'encodes to a Uint8Array',
      forAll((value) => {
        const encoded = encodeWith(codec, value)
        if (!isRight(encoded)) throw encoded.left
      }),
    ),
    law(
      'decodes an encoded value to the same value',
      forAll((value) => expectSame(decode(encode(value)), value, options)),
    ),
    law('encodes every value into its own buffer', () => {
      const lawProperty = property(arbitrary, arbitrary, (first, second) => {
        const payload = encode(first)
        const before = payload.slice()
        encode(second)
        expectEqual(payload, before, 'the first payload after a second value was encoded')
      })
      assert(lawProperty, fastCheckParameters(options))
    }),
    ...(isText
      ? [
          law(
            'encodes text as UTF-8',
            forAll((value) => void new TextDecoder('utf-8', { fatal: true }).decode(encode(value))),
          ),
        ]
      : []),
  ]
}

function payloadLaws<A>({ encode, decode }: Codec<A>, options: CodecLawsOptions<A>): readonly Law[] {
  const payloads = oneof(uint8Array({ maxLength: 64 }), damagedPayloads(options.arbitrary, encode))
  const forAll = (holds: (payload: Uint8Array) => void) => (): void =>
    assert(property(payloads, holds), fastCheckParameters(options))

  return [
    law(
      'returns a described error for any invalid payload without throwing',
      forAll((payload) => {
        const decoded: Either<DecodeError, A> = decode(payload)
        if (!isRight(decoded)) expectReadableError(decoded.left)
      }),
    ),
    law(
      'does not change the payload that it decodes',
      forAll((payload) => {
        const before = payload.slice()
        decode(payload)
        expectEqual(payload, before, 'the payload after decode')
      }),
    ),
    law(
      'encodes every decoded value',
      forAll((payload) => {
        const decoded = decode(payload)
        if (isRight(decoded)) expectSame(decode(encode(decoded.right)), decoded.right, options)
      }),
    ),
  ]
}

function contentTypeLaws<A>({ contentType, accepts, isText }: Codec<A>): readonly Law[] {
  return [
    law('accepts the content type that it writes, in any case', () => {
      expectThat(
        parseMediaType(contentType) !== undefined,
        `${JSON.stringify(contentType)} is not a media type`,
      )
      const withCharset = isText && !contentType.includes(';') ? [`${contentType}; charset=utf-8`] : []
      for (const form of [contentType, contentType.toUpperCase(), ...withCharset]) {
        expectThat(
          accepts(form),
          `accepts returns false for ${form}: a codec must accept the content type that it writes`,
        )
      }
    }),
  ]
}

function lengthLaw<A>({ decode }: Codec<A>, maximumBytes: number): Law {
  return law(`rejects a payload of more than ${maximumBytes} bytes unread`, () => {
    const within = outcomeOf(decode(new Uint8Array(maximumBytes)))
    const beyond = outcomeOf(decode(new Uint8Array(maximumBytes + 1)))
    expectThat(
      beyond !== decodedOutcome,
      `decode accepts a payload of ${maximumBytes + 1} bytes: it must reject more than ${maximumBytes}`,
    )
    expectThat(
      beyond !== within,
      `decode gives the same error for a shorter payload as for one that is too long: ${beyond}`,
    )
    const { outcome, accessed } = recordPayloadAccess(maximumBytes + 1, (payload) =>
      outcomeOf(decode(payload)),
    )
    expectEqual(outcome, beyond, 'the outcome when only the length is accessible')
    expectEqual(accessed, [], 'the properties that decode read besides the length')
  })
}

const excessiveDepth = 50_000

function nestingLaw<A>(
  { decode }: Codec<A>,
  { maximumDepth, payload }: NonNullable<CodecLawsOptions<A>['nesting']>,
): Law {
  return law(`rejects nesting deeper than ${maximumDepth} unparsed`, () => {
    const within = outcomeOf(decode(payload(maximumDepth)))
    const beyond = outcomeOf(decode(payload(maximumDepth + 1)))
    expectThat(
      beyond !== decodedOutcome,
      `decode accepts a payload nested ${maximumDepth + 1} levels deep: it must reject more than ${maximumDepth}`,
    )
    expectThat(
      beyond !== within,
      `decode gives the same error for allowed nesting as for nesting that is too deep: ${beyond}`,
    )
    const deep = payload(excessiveDepth)
    expectEqual(outcomeOf(decode(deep)), beyond, `the outcome for nesting ${excessiveDepth} levels deep`)
    // A codec that parses before it measures the nesting reports the missing end instead.
    const truncated = deep.subarray(0, deep.length / 2)
    expectEqual(outcomeOf(decode(truncated)), beyond, 'the outcome for truncated nesting')
  })
}

/** Generates almost valid payloads: with up to three bytes changed, dropped or added. */
function damagedPayloads<A>(
  arbitrary: Arbitrary<A>,
  encode: (value: A) => Uint8Array,
): Arbitrary<Uint8Array> {
  const damage = tuple(constantFrom('change', 'drop', 'add'), nat(), nat(255))
  return tuple(arbitrary, array(damage, { maxLength: 3 })).map(([value, damages]) => {
    const payload = [...encode(value)]
    for (const [kind, offset, byte] of damages) {
      const index = offset % (payload.length + 1)
      if (kind === 'add') payload.splice(index, 0, byte)
      else if (kind === 'drop') payload.splice(index, 1)
      else payload.splice(index, 1, byte)
    }
    return Uint8Array.from(payload)
  })
}

function expectSame<A>(decoded: Either<DecodeError, A>, value: A, { equals }: CodecLawsOptions<A>): void {
  if (!isRight(decoded)) return expectEqual(decoded.left, value, 'the result of decode')
  if (equals === undefined)
    expectEqual(withoutNegativeZero(decoded.right), withoutNegativeZero(value), 'the result of decode')
  else
    expectThat(
      equals(decoded.right, value),
      `decode returned ${readable(decoded.right)} for the encoded ${readable(value)}`,
    )
}

/** Replaces every -0 in plain data by 0: few formats distinguish them. */
function withoutNegativeZero(value: unknown): unknown {
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(withoutNegativeZero)
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutNegativeZero(part)]))
}

function expectReadableError({ kind, issues }: DecodeError): void {
  expectThat(
    kind === 'payload' || kind === 'content-type',
    `the kind of the decode error is ${JSON.stringify(kind)}: it must be 'payload' or 'content-type'`,
  )
  expectThat(issues.length > 0, 'the decode error has no issue')
  for (const { path, message } of issues) {
    expectThat(path.startsWith('$'), `the path of the issue is ${JSON.stringify(path)}: it must start with $`)
    expectThat(message !== '', `the message of the issue at ${path} is empty`)
  }
}

const decodedOutcome = 'the payload decodes'

function outcomeOf(decoded: Either<DecodeError, unknown>): string {
  return isRight(decoded) ? decodedOutcome : readable(decoded.left.issues)
}
