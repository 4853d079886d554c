import { mqttTransport } from '@antiphon/mqtt'
import type { TransportEvent } from '@antiphon/core/link'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { connackBytes, startScriptedBroker } from './scripted-broker.js'

const numRuns = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)

const utf8 = (text: string): readonly number[] => [0, text.length, ...new TextEncoder().encode(text)]

/** A PUBLISH with arbitrary flags, properties and length. */
const publish = fc
  .tuple(
    fc.integer({ min: 0x30, max: 0x3f }),
    fc.constantFrom('', 'a', 'a/b', '#'),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }),
    fc.integer({ min: -3, max: 3 }),
  )
  .map(([first, topic, rest, error]) => {
    const body = [...utf8(topic), ...rest]
    return [first, Math.max(0, body.length + error), ...body]
  })

const randomBytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 })

it('survives arbitrary bytes from a broker: at worst the connection ends', async () => {
  const broker = await startScriptedBroker()
  const unexpected: unknown[] = []
  const record = (error: unknown): void => void unexpected.push(error)
  process.on('uncaughtException', record)

  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(publish, randomBytes), { maxLength: 8 }),
      fc.boolean(),
      fc.constantFrom<4 | 5>(4, 5),
      async (packets, isAccepted, protocolVersion) => {
        const connack = isAccepted ? connackBytes(protocolVersion) : []
        broker.answerConnect(Uint8Array.from([...connack, ...packets.flat()]), 'close')
        const events: TransportEvent['type'][] = []
        const ended = await new Promise<unknown>((resolve) => {
          mqttTransport(broker.url, { protocolVersion })
            .connect$(1)
            .subscribe({
              next: (event) => {
                events.push(event.type)
                if (event.type === 'message') event.acknowledge()
              },
              error: resolve,
              complete: () => resolve('complete'),
            })
        })
        expect(['connection-lost', 'connection-refused']).toContain((ended as { code?: string }).code)
        expect(events.slice(0, 1)).toEqual(isAccepted ? ['online'] : events.slice(0, 1))
        expect(unexpected).toEqual([])
      },
    ),
    { numRuns: Math.min(numRuns, 2_000) },
  )
  process.off('uncaughtException', record)
  broker.stop()
})
