import { encodeWith, parseMediaType } from '@antiphon/core/codec'
import type { Codec, DecodeError } from '@antiphon/core'
import { expectEqual, expectThat, readable } from '@antiphon/testing/internal'
import { array, assert, constantFrom, nat, oneof, property, tuple, uint8Array } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { law, parametersOf, type Law, type LawRuns } from './law.js'
import { watched } from './watched-payload.js'

/** What the laws need to know of a codec. */
export interface CodecLawsOptions<A> extends LawRuns {
  /** The values it is meant for. */
  readonly arbitrary: Arbitrary<A>
  /** When two values are the same. @defaultValue the same in every visible part, 0 and -0 alike */
  readonly equals?: (one: A, other: A) => boolean
  /** The longest payload it reads; adds the law of its bound. */
  readonly maximumBytes?: number
  /** How deep it reads, and a payload nested so deep, as many levels as asked; adds the law of that bound. */
  readonly nesting?: { readonly maximumDepth: number; readonly payload: (depth: number) => Uint8Array }
}

/**
 * The laws of a codec, for any test framework. fast-check is to be installed beside this package.
 *
 * Besides what the types say they hold that `decode` gives back what `encode` was given, never throws whatever the bytes
 * and always says what is wrong; that what decodes can be encoded again; that payloads are neither shared nor changed;
 * that a codec reads the content type it writes, in any case; that what it calls text is UTF-8; and that its bounds are
 * applied before it reads.
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
    ...lawsOfValues(codec, options),
    ...lawsOfPayloads(codec, options),
    ...lawsOfContentType(codec),
    ...(maximumBytes === undefined ? [] : [lawOfLength(codec, maximumBytes)]),
    ...(nesting === undefined ? [] : [lawOfNesting(codec, nesting)]),
  ]
}

function lawsOfValues<A>(codec: Codec<A>, options: CodecLawsOptions<A>): readonly Law[] {
  const { encode, decode, isText } = codec
  const { arbitrary } = options
  const forAll = (holds: (value: A) => void) => (): void =>
    assert(property(arbitrary, holds), parametersOf(options))

  return [
    law(
      'encode gives a Uint8Array',
      forAll((value) => {
        const encoded = encodeWith(codec, value)
        if (!isRight(encoded)) throw encoded.left
      }),
    ),
    law(
      'decode gives back what encode was given',
      forAll((value) => expectSame(decode(encode(value)), value, options)),
    ),
    law('encode gives every value bytes of its own', () => {
      const held = property(arbitrary, arbitrary, (first, second) => {
        const payload = encode(first)
        const before = payload.slice()
        encode(second)
        expectEqual(payload, before, 'a payload after another value was encoded')
      })
      assert(held, parametersOf(options))
    }),
    ...(isText
      ? [
          law(
            'text is UTF-8',
            forAll((value) => void new TextDecoder('utf-8', { fatal: true }).decode(encode(value))),
          ),
        ]
      : []),
  ]
}

function lawsOfPayloads<A>({ encode, decode }: Codec<A>, options: CodecLawsOptions<A>): readonly Law[] {
  const payloads = oneof(uint8Array({ maxLength: 64 }), damaged(options.arbitrary, encode))
  const forAll = (holds: (payload: Uint8Array) => void) => (): void =>
    assert(property(payloads, holds), parametersOf(options))

  return [
    law(
      'decode never throws and says what is wrong',
      forAll((payload) => {
        const decoded: Either<DecodeError, A> = decode(payload)
        if (!isRight(decoded)) expectWellSaid(decoded.left)
      }),
    ),
    law(
      'decode leaves the payload as it was',
      forAll((payload) => {
        const before = payload.slice()
        decode(payload)
        expectEqual(payload, before, 'the payload after decode')
      }),
    ),
    law(
      'what decodes can be encoded again',
      forAll((payload) => {
        const decoded = decode(payload)
        if (isRight(decoded)) expectSame(decode(encode(decoded.right)), decoded.right, options)
      }),
    ),
  ]
}

function lawsOfContentType<A>({ contentType, accepts, isText }: Codec<A>): readonly Law[] {
  return [
    law('the content type is a media type that the codec reads, in any case', () => {
      expectThat(
        parseMediaType(contentType) !== undefined,
        `${JSON.stringify(contentType)} is not a media type`,
      )
      const withCharset = isText && !contentType.includes(';') ? [`${contentType}; charset=utf-8`] : []
      for (const form of [contentType, contentType.toUpperCase(), ...withCharset]) {
        expectThat(accepts(form), `the codec does not accept ${form}, which it writes`)
      }
    }),
  ]
}

function lawOfLength<A>({ decode }: Codec<A>, maximumBytes: number): Law {
  return law(`a payload of more than ${maximumBytes} bytes is refused unread`, () => {
    const within = outcomeOf(decode(new Uint8Array(maximumBytes)))
    const beyond = outcomeOf(decode(new Uint8Array(maximumBytes + 1)))
    expectThat(beyond !== decodes, `a payload of ${maximumBytes + 1} bytes was read`)
    expectThat(beyond !== within, `the length is no reason of its own: ${beyond}`)
    const { outcome, touched } = watched(maximumBytes + 1, (payload) => outcomeOf(decode(payload)))
    expectEqual(outcome, beyond, 'the outcome where only the length can be seen')
    expectEqual(touched, [], 'what decode looked at beside the length')
  })
}

const farTooDeep = 50_000

function lawOfNesting<A>(
  { decode }: Codec<A>,
  { maximumDepth, payload }: NonNullable<CodecLawsOptions<A>['nesting']>,
): Law {
  return law(`nesting deeper than ${maximumDepth} is refused unparsed`, () => {
    const within = outcomeOf(decode(payload(maximumDepth)))
    const beyond = outcomeOf(decode(payload(maximumDepth + 1)))
    expectThat(beyond !== decodes, `a payload nested ${maximumDepth + 1} deep was read`)
    expectThat(beyond !== within, `the nesting is no reason of its own: ${beyond}`)
    const deep = payload(farTooDeep)
    expectEqual(outcomeOf(decode(deep)), beyond, `the outcome of nesting ${farTooDeep} deep`)
    // Whoever parses first finds that the end is missing.
    const cut = deep.subarray(0, deep.length / 2)
    expectEqual(outcomeOf(decode(cut)), beyond, 'the outcome of nesting whose end is missing')
  })
}

/** Payloads that are nearly right: a byte changed, dropped or added here and there. */
function damaged<A>(arbitrary: Arbitrary<A>, encode: (value: A) => Uint8Array): Arbitrary<Uint8Array> {
  const damage = tuple(constantFrom('change', 'drop', 'add'), nat(), nat(255))
  return tuple(arbitrary, array(damage, { maxLength: 3 })).map(([value, damages]) => {
    const payload = [...encode(value)]
    for (const [kind, place, byte] of damages) {
      const at = place % (payload.length + 1)
      if (kind === 'add') payload.splice(at, 0, byte)
      else if (kind === 'drop') payload.splice(at, 1)
      else payload.splice(at, 1, byte)
    }
    return Uint8Array.from(payload)
  })
}

function expectSame<A>(decoded: Either<DecodeError, A>, value: A, { equals }: CodecLawsOptions<A>): void {
  if (!isRight(decoded)) return expectEqual(decoded.left, value, 'what decode gave')
  if (equals === undefined) expectEqual(unsigned(decoded.right), unsigned(value), 'what decode gave')
  else
    expectThat(equals(decoded.right, value), `decode gave ${readable(decoded.right)} for ${readable(value)}`)
}

/** Plain data with every -0 as 0: few formats tell them apart. */
function unsigned(value: unknown): unknown {
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(unsigned)
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unsigned(part)]))
}

function expectWellSaid({ kind, issues }: DecodeError): void {
  expectThat(
    kind === 'payload' || kind === 'content-type',
    `${JSON.stringify(kind)} is no kind of decode error`,
  )
  expectThat(issues.length > 0, 'the decode error has no issue')
  for (const { path, message } of issues) {
    expectThat(path.startsWith('$'), `${JSON.stringify(path)} is no path: it must start at $`)
    expectThat(message !== '', `the issue at ${path} says nothing`)
  }
}

const decodes = 'it decodes'

function outcomeOf(decoded: Either<DecodeError, unknown>): string {
  return isRight(decoded) ? decodes : readable(decoded.left.issues)
}
