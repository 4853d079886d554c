import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromOutgoing } from '../../src/packet/publication.js'
import { decodePublication, encodePublication } from '../../src/journal/records.js'

const runs = Number(process.env['ANTIPHON_FC_RUNS'] ?? 100)
const text = fc.string({ unit: 'grapheme', maxLength: 20 })

describe('encodePublication', () => {
  it('decodes to the same publication', () => {
    const messages = fc.record(
      {
        topic: text,
        payload: fc.uint8Array(),
        qos: fc.constantFrom(0, 1, 2),
        retain: fc.boolean(),
        contentType: text,
        responseTopic: text,
        correlationData: fc.uint8Array(),
        payloadFormatIndicator: fc.boolean(),
        messageExpiryInterval: fc.nat(),
        userProperties: fc.array(fc.tuple(text, text)),
      },
      { requiredKeys: ['topic', 'payload'] },
    )
    fc.assert(
      fc.property(messages, (message) => {
        const { decoded: _, ...publication } = fromOutgoing(message, 'me', 1_000)
        const { decoded: __, ...back } = decodePublication(encodePublication(publication as never))
        expect(back).toMatchObject({ ...publication })
      }),
      { numRuns: runs },
    )
  })
})
