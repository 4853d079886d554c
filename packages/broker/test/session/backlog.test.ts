import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromOutgoing } from '../../src/packet/publication.js'
import { Backlog } from '../../src/session/backlog.js'
import { newOutboundMessage } from '../../src/session/outbound-message.js'
import type { OutboundMessage } from '../../src/session/outbound-message.js'

const runs = Number(process.env['ANTIPHON_FC_RUNS'] ?? 100)
const publication = fromOutgoing({ topic: 't', payload: new Uint8Array() }, '', 0)

function delivery(packetId: number): OutboundMessage {
  const message = newOutboundMessage(publication, {
    qos: 1,
    retain: false,
    identifiers: null,
    group: null,
    tracker: null,
  })
  message.packetId = packetId
  return message
}

describe('Backlog', () => {
  it('keeps FIFO order when items are extracted from the middle', () => {
    const steps = fc.array(
      fc.oneof(fc.constant('push'), fc.constant('shift'), fc.integer({ min: 2, max: 5 })),
      { maxLength: 200 },
    )
    fc.assert(
      fc.property(steps, (chosen) => {
        const backlog = new Backlog()
        let model: number[] = []
        let last = 0
        for (const step of chosen) {
          if (step === 'push') {
            backlog.push(delivery(++last))
            model.push(last)
          } else if (step === 'shift') {
            expect(backlog.shift()?.packetId).toBe(model.shift())
          } else {
            const divisor = Number(step)
            const extracted = backlog.extract(({ packetId }) => packetId % divisor === 0)
            expect(extracted.map(({ packetId }) => packetId)).toEqual(
              model.filter((id) => id % divisor === 0),
            )
            model = model.filter((id) => id % divisor !== 0)
          }
          expect([backlog.length, backlog.peek()?.packetId]).toEqual([model.length, model[0]])
          expect([...backlog].map(({ packetId }) => packetId)).toEqual(model)
        }
      }),
      { numRuns: runs },
    )
  })

  it('keeps the remaining items in order after 4000 of 5000 were shifted', () => {
    const backlog = new Backlog()
    for (let id = 1; id <= 5_000; id++) backlog.push(delivery(id))
    for (let id = 1; id <= 4_000; id++) expect(backlog.shift()?.packetId).toBe(id)
    expect([...backlog].map(({ packetId }) => packetId)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => 4_001 + index),
    )
  })
})
