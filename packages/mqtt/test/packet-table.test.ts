import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PacketTable, type UnacknowledgedPacket } from '../src/packet-table.js'

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('add' as const) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 200 }) }) },
  ),
  { maxLength: 300, size: 'max' },
)

/** Adds a packet under the next identifier. */
function addTo(table: PacketTable<UnacknowledgedPacket>): UnacknowledgedPacket | undefined {
  const id = table.nextId()
  if (id === undefined) return undefined
  const packet = { id }
  table.add(packet)
  return packet
}

describe('PacketTable', () => {
  it('finds each packet by a unique identifier after any sequence of additions and removals', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const table = new PacketTable<UnacknowledgedPacket>()
        const model: UnacknowledgedPacket[] = []
        for (const step of steps) {
          if (step === 'add') {
            const packet = addTo(table)
            if (packet === undefined) throw new Error('no identifier left in a table of at most 300 packets')
            expect(model.some(({ id }) => id === packet.id)).toBe(false)
            model.push(packet)
          } else {
            const [removed] = model.splice(step.remove, 1)
            if (removed !== undefined) {
              table.remove(removed)
              table.remove(removed)
              expect(table.get(removed.id)).toBeUndefined()
            }
          }
          // One expectation for all packets: one per packet, or a comparison of sets, takes seconds.
          const all = new Set(table.all)
          expect(all.size).toBe(model.length)
          expect(model.filter((packet) => !all.has(packet) || table.get(packet.id) !== packet)).toEqual([])
        }
      }),
    )
  })

  it('returns every identifier once, and undefined when all 65 535 are in use', () => {
    const table = new PacketTable<UnacknowledgedPacket>()
    const packets = Array.from({ length: 65_535 }, () => addTo(table))
    const ids = new Set(packets.map((packet) => packet?.id))
    expect(ids).toEqual(new Set(Array.from({ length: 65_535 }, (_, index) => index + 1)))
    expect(table.nextId()).toBeUndefined()
    const freed = table.get(77)
    if (freed !== undefined) table.remove(freed)
    expect(addTo(table)?.id).toBe(77)
    expect(table.nextId()).toBeUndefined()
    table.clear()
    expect([table.nextId(), table.all]).toEqual([78, []])
  })

  it('does not reuse a released identifier before all others, so that a late acknowledgement matches no packet', () => {
    const table = new PacketTable<UnacknowledgedPacket>()
    const first = addTo(table)
    expect(first?.id).toBe(1)
    if (first !== undefined) table.remove(first)
    expect(addTo(table)?.id).toBe(2)
    expect(table.get(1)).toBeUndefined()
  })

  it('skips an identifier whose slot is occupied by another packet', () => {
    const table = new PacketTable<UnacknowledgedPacket>()
    const first = addTo(table)
    for (let turn = 0; turn < 15; turn += 1) {
      const packet = addTo(table)
      if (packet !== undefined) table.remove(packet)
    }
    expect(addTo(table)?.id).toBe(18)
    expect(table.get(17)).toBeUndefined()
    expect(table.get(1)).toBe(first)
  })
})
