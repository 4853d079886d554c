import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Acknowledgements, type Receipt } from '../../src/link/acknowledgements.js'
import type { Delivery } from '../../src/link/link.js'
import { runs } from '../codec/runs.js'
import { arrival } from './messages.js'

/** One message in both accounts: the real one, and a naive list of who holds it. */
interface Entry {
  readonly id: number
  readonly receipt: Receipt
  readonly holders: { closed: boolean; readonly delivery: () => Delivery }[]
  readonly held: ('holding' | 'acknowledged' | 'gone')[]
  isSealed: boolean
}

type Step =
  | { readonly kind: 'arrive'; readonly holders: number; readonly isSealed: boolean; readonly qos: 0 | 1 | 2 }
  | { readonly kind: 'hand'; readonly which: number }
  | { readonly kind: 'seal'; readonly which: number }
  | { readonly kind: 'acknowledge'; readonly which: number; readonly who: number }
  | { readonly kind: 'leave'; readonly which: number; readonly who: number }
  | { readonly kind: 'forget' }

/** Counted from the latest message, since it is among the latest that things happen. */
const which = fc.nat({ max: 7 })
const who = fc.nat({ max: 3 })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('arrive' as const),
        holders: fc.nat({ max: 3 }),
        isSealed: fc.boolean(),
        qos: fc.constantFrom(0, 1, 1, 2),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('hand' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const), which }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), which, who }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('leave' as const), which, who }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const) }) },
  ),
  { maxLength: 60, size: 'max' },
)

function hand(entry: Entry): void {
  if (entry.isSealed) return
  const holder = { closed: false, delivery: () => delivery }
  const delivery = entry.receipt.deliverTo(holder)
  entry.holders.push(holder)
  entry.held.push('holding')
}

function seal(entry: Entry): void {
  entry.isSealed = true
  entry.receipt.seal()
}

describe('acknowledgements', () => {
  it('leave in order of receipt, once each, never for what was abandoned, whatever happens in between', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const acknowledgements = new Acknowledgements()
        const released: number[] = []
        const expected: number[] = []
        const all: Entry[] = []
        let pending: Entry[] = []

        const perform = (step: Step): void => {
          if (step.kind === 'arrive') {
            const id = all.length
            const message = arrival('a', `${id}`, { qos: step.qos })
            const receipt = acknowledgements.open(message, () => released.push(id))
            const entry: Entry = { id, receipt, holders: [], held: [], isSealed: false }
            all.push(entry)
            if (step.qos > 0) pending.push(entry)
            for (let count = 0; count < step.holders; count++) hand(entry)
            if (step.isSealed) seal(entry)
            return
          }
          if (step.kind === 'forget') {
            acknowledgements.clear()
            pending = []
            return
          }
          const entry = all.at(-1 - step.which)
          if (entry === undefined) return
          if (step.kind === 'hand') hand(entry)
          else if (step.kind === 'seal') seal(entry)
          else {
            const holder = entry.holders[step.who]
            if (holder === undefined) return
            if (step.kind === 'acknowledge') {
              holder.delivery().acknowledge()
              entry.held[step.who] = 'acknowledged'
            } else {
              holder.closed = true
              acknowledgements.advance()
              if (entry.held[step.who] === 'holding') entry.held[step.who] = 'gone'
            }
          }
        }

        for (const step of steps) {
          perform(step)
          while (pending[0]?.isSealed === true && !pending[0].held.includes('holding')) {
            const [first, ...others] = pending
            if (!first.held.includes('gone')) expected.push(first.id)
            pending = others
          }
          expect(released).toEqual(expected)
          expect(acknowledgements.size).toBe(pending.length)
        }
      }),
      runs,
    )
  })

  it('wait for the seal even when the first holder is done before the second is served', () => {
    const released: string[] = []
    const acknowledgements = new Acknowledgements()
    const receipt = acknowledgements.open(arrival('a'), () => released.push('a'))
    receipt.deliverTo({ closed: false }).acknowledge()
    expect(released).toEqual([])
    const second = receipt.deliverTo({ closed: false })
    receipt.seal()
    expect(released).toEqual([])
    second.acknowledge()
    second.acknowledge()
    expect(released).toEqual(['a'])
  })

  it('are not held up by the last of the holders, where the others have gone before', () => {
    const released: string[] = []
    const acknowledgements = new Acknowledgements()
    const abandoned = acknowledgements.open(arrival('a'), () => released.push('abandoned'))
    const gone = { closed: false }
    abandoned.deliverTo(gone)
    const last = abandoned.deliverTo({ closed: false })
    abandoned.seal()
    acknowledgements.open(arrival('a'), () => released.push('next')).seal()
    gone.closed = true
    acknowledgements.advance()
    last.acknowledge()
    expect(released).toEqual(['next'])
  })

  it('are not given for another by giving one twice', () => {
    const released: string[] = []
    const acknowledgements = new Acknowledgements()
    const receipt = acknowledgements.open(arrival('a'), () => released.push('a'))
    const [first, second] = [receipt.deliverTo({ closed: false }), receipt.deliverTo({ closed: false })]
    receipt.seal()
    first.acknowledge()
    first.acknowledge()
    expect(released).toEqual([])
    second.acknowledge()
    expect(released).toEqual(['a'])
  })

  it('leave at once for what was handed to nobody', () => {
    const released: string[] = []
    const acknowledgements = new Acknowledgements()
    acknowledgements.open(arrival('a'), () => released.push('a')).seal()
    expect(released).toEqual(['a'])
  })

  it('are not sent for QoS 0, which nobody waits for and nothing waits behind', () => {
    const released: string[] = []
    const acknowledgements = new Acknowledgements()
    const unsealed = acknowledgements.open(arrival('a', '', { qos: 0 }), () => released.push('0'))
    const message = arrival('a', 'x', { qos: 1 })
    const receipt = acknowledgements.open(message, () => released.push('1'))
    const delivery = receipt.deliverTo({ closed: false })
    expect(delivery.message).toBe(message)
    receipt.seal()
    delivery.acknowledge()
    unsealed.deliverTo({ closed: false }).acknowledge()
    unsealed.seal()
    expect(released).toEqual(['1'])
  })

  it('keep their order when one is sent from within the sending of another', () => {
    const released: number[] = []
    const acknowledgements = new Acknowledgements()
    const later: Delivery[] = []
    const open = (id: number, onRelease: () => void = () => undefined): Delivery => {
      const receipt = acknowledgements.open(arrival('a'), () => {
        released.push(id)
        onRelease()
      })
      const delivery = receipt.deliverTo({ closed: false })
      receipt.seal()
      return delivery
    }
    const first = open(1, () => {
      later[0]?.acknowledge()
      open(4).acknowledge()
    })
    later.push(open(2), open(3))
    later[1]?.acknowledge()
    expect(released).toEqual([])
    first.acknowledge()
    expect(released).toEqual([1, 2, 3, 4])
  })

  it('of a connection that is gone never leave, and those of the next are not held up by them', () => {
    const released: string[] = []
    const acknowledgements = new Acknowledgements()
    const old = acknowledgements.open(arrival('a'), () => released.push('old'))
    const delivery = old.deliverTo({ closed: false })
    old.seal()
    acknowledgements.clear()
    const fresh = acknowledgements.open(arrival('a'), () => released.push('fresh'))
    fresh.seal()
    delivery.acknowledge()
    expect(released).toEqual(['fresh'])
  })
})
