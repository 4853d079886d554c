import { codecLaws } from '@antiphon/conformance/laws'
import type { CodecLawsOptions } from '@antiphon/conformance/laws'
import type { Codec } from '@antiphon/core'
import fc from 'fast-check'
import { describe, it } from 'vitest'

/** How often a property is tested; the nightly run sets more. */
export const runs = { numRuns: Number(process.env['ANTIPHON_FC_RUNS'] ?? 500) }

/** Runs the codec laws as tests. */
export function describeLaws<A>(name: string, codec: Codec<A>, options: CodecLawsOptions<A>): void {
  describe(`the laws of ${name}`, () => {
    for (const law of codecLaws(codec, { ...runs, ...options })) it(law.name, law.check)
  })
}

/** Generates plain data that every format supports, with additional values of one format. */
export function plainData(...special: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> {
  const text = fc.string({ unit: 'binary' })
  const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double())
  return fc.letrec((tie) => ({
    data: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(text, number, fc.boolean(), fc.constant(null), ...special),
      fc.array(tie('data'), { maxLength: 5 }),
      fc.dictionary(
        text.filter((key) => key !== '__proto__' && key !== 'constructor'),
        tie('data'),
        { maxKeys: 5 },
      ),
    ),
  })).data
}

export const hex = (digits: string): Uint8Array =>
  Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export const repeat = (count: number, ...bytes: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: count * bytes.length }, (_, index) => bytes[index % bytes.length] ?? 0)
export const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

/** Returns the first issue of a payload, or `it decodes`. */
export function issueOf<A>(codec: Codec<A>, payload: Uint8Array): string {
  const decoded = codec.decode(payload)
  if (decoded._tag === 'Right') return 'it decodes'
  const { path, message } = decoded.left.issues[0]
  return path === '$' ? message : `${path}: ${message}`
}
