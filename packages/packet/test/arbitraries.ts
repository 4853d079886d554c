import fc from 'fast-check'
import type { PublishMessage, QoS } from '../src/index.js'

/** Runs of a property: `ANTIPHON_FC_RUNS`, or `usual`. */
export const runs = (usual: number): { numRuns: number } => ({
  numRuns: Number(process.env['ANTIPHON_FC_RUNS'] ?? usual),
})

export const text: fc.Arbitrary<string> = fc
  .string({ unit: 'grapheme', maxLength: 200 })
  .filter((value) => !value.includes('\0'))
export const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 300 })
export const packetId: fc.Arbitrary<number> = fc.integer({ min: 1, max: 65_535 })
export const version: fc.Arbitrary<4 | 5> = fc.constantFrom<(4 | 5)[]>(4, 5)

/** Any valid message, with any of the properties. mqtt-packet does not encode empty values of user properties. */
export const message: fc.Arbitrary<PublishMessage & { readonly qos: QoS; readonly retain: boolean }> = fc
  .tuple(
    fc.record({
      topic: fc.oneof(fc.constantFrom('a', 'a/b', 'c/b'), text),
      payload: bytes,
      qos: fc.constantFrom<QoS[]>(0, 1, 2),
      retain: fc.boolean(),
    }),
    fc.record(
      {
        payloadFormatIndicator: fc.boolean(),
        messageExpiryInterval: fc.integer({ min: 1, max: 4_294_967_295 }),
        contentType: text,
        responseTopic: text.filter((value) => /^[^+#]+$/u.test(value)),
        correlationData: bytes,
        userProperties: fc.array(
          fc.tuple(
            text,
            text.filter((value) => value !== ''),
          ),
          { minLength: 1, maxLength: 5 },
        ),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([plain, properties]) => ({ ...plain, ...properties }))
