import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PacketTable, type AwaitingPacket } from '../src/packet-table.js'

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('add' as const) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 200 }) }) },
  ),
  { maxLength: 300, size: 'max' },
)

/** Adds one more packet. */
function addTo(table: PacketTable<AwaitingPacket>): AwaitingPacket | undefined {
  const id = table.nextId()
  if (id === undefined) return undefined
  const packet = { id }
  table.add(packet)
  return packet
}

describe('PacketTable', () => {
  it('finds each packet under an identifier of its own, whatever comes and goes', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const table = new PacketTable<AwaitingPacket>()
        const model: AwaitingPacket[] = []
        for (const step of steps) {
          if (step === 'add') {
            const packet = addTo(table)
            if (packet === undefined) throw new Error('there is room')
            expect(model.some(({ id }) => id === packet.id)).toBe(false)
            model.push(packet)
          } else {
            const [gone] = model.splice(step.remove, 1)
            if (gone !== undefined) {
              table.remove(gone)
              table.remove(gone)
              expect(table.get(gone.id)).toBeUndefined()
            }
          }
          // One expectation for all: one for each packet, or a comparison of sets, takes seconds.
          const all = new Set(table.all)
          expect(all.size).toBe(model.length)
          expect(model.filter((packet) => !all.has(packet) || table.get(packet.id) !== packet)).toEqual([])
        }
      }),
    )
  })

  it('gives every identifier once, and none when all are in use', () => {
    const table = new PacketTable<AwaitingPacket>()
    const packets = Array.from({ length: 65_535 }, () => addTo(table))
    const ids = new Set(packets.map((packet) => packet?.id))
    expect(ids).toEqual(new Set(Array.from({ length: 65_535 }, (_, place) => place + 1)))
    expect(table.nextId()).toBeUndefined()
    const freed = table.get(77)
    if (freed !== undefined) table.remove(freed)
    expect(addTo(table)?.id).toBe(77)
    expect(table.nextId()).toBeUndefined()
    table.clear()
    expect([table.nextId(), table.all]).toEqual([78, []])
  })

  it('gives a freed one again only after a full turn, so that a late answer finds nobody', () => {
    const table = new PacketTable<AwaitingPacket>()
    const first = addTo(table)
    expect(first?.id).toBe(1)
    if (first !== undefined) table.remove(first)
    expect(addTo(table)?.id).toBe(2)
    expect(table.get(1)).toBeUndefined()
  })

  it('passes over an identifier whose place another has', () => {
    const table = new PacketTable<AwaitingPacket>()
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
