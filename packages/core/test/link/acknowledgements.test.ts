import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Acknowledgements, type Receipt } from '../../src/link/acknowledgements.js'
import type { Delivery } from '../../src/link/link.js'
import { deadlines as deadlinesOn } from '../../src/time/deadlines.js'
import { runs } from '../codec/runs.js'
import { arrival } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

/** One message in the implementation and in the model, which lists the state of each holder. */
interface Entry {
  readonly id: number
  readonly receipt: Receipt
  readonly holders: { closed: boolean; readonly delivery: () => Delivery }[]
  readonly states: ('open' | 'acknowledged' | 'closed')[]
  isSealed: boolean
}

type Step =
  | { readonly kind: 'arrive'; readonly holders: number; readonly isSealed: boolean; readonly qos: 0 | 1 | 2 }
  | { readonly kind: 'deliver'; readonly which: number }
  | { readonly kind: 'seal'; readonly which: number }
  | { readonly kind: 'acknowledge'; readonly which: number; readonly holder: number }
  | { readonly kind: 'close'; readonly which: number; readonly holder: number }
  | { readonly kind: 'clear' }

/** The index of a message, counted from the latest. */
const which = fc.nat({ max: 7 })
const holder = fc.nat({ max: 3 })
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
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('deliver' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const), which }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), which, holder }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('close' as const), which, holder }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  ),
  { maxLength: 60, size: 'max' },
)

function deliver(entry: Entry): void {
  if (entry.isSealed) return
  const holder = { closed: false, delivery: () => delivery }
  const delivery = entry.receipt.deliverTo(holder)
  entry.holders.push(holder)
  entry.states.push('open')
}

function seal(entry: Entry): void {
  entry.isSealed = true
  entry.receipt.seal()
}

describe('Acknowledgements', () => {
  it('acknowledges in order of receipt, once each, and never a message whose holders closed', () => {
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
            const entry: Entry = { id, receipt, holders: [], states: [], isSealed: false }
            all.push(entry)
            if (step.qos > 0) pending.push(entry)
            for (let count = 0; count < step.holders; count++) deliver(entry)
            if (step.isSealed) seal(entry)
            return
          }
          if (step.kind === 'clear') {
            acknowledgements.clear()
            pending = []
            return
          }
          const entry = all.at(-1 - step.which)
          if (entry === undefined) return
          if (step.kind === 'deliver') deliver(entry)
          else if (step.kind === 'seal') seal(entry)
          else {
            const holder = entry.holders[step.holder]
            if (holder === undefined) return
            if (step.kind === 'acknowledge') {
              holder.delivery().acknowledge()
              entry.states[step.holder] = 'acknowledged'
            } else {
              holder.closed = true
              acknowledgements.advance()
              if (entry.states[step.holder] === 'open') entry.states[step.holder] = 'closed'
            }
          }
        }

        for (const step of steps) {
          perform(step)
          while (pending[0]?.isSealed === true && !pending[0].states.includes('open')) {
            const [first, ...others] = pending
            if (!first.states.includes('closed')) expected.push(first.id)
            pending = others
          }
          expect(released).toEqual(expected)
          expect(acknowledgements.size).toBe(pending.length)
        }
      }),
      runs,
    )
  })

  it('waits for seal even if the first holder acknowledged before the second delivery', () => {
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

  it('does not delay later messages once one holder closed and the last acknowledged', () => {
    const released: string[] = []
    const acknowledgements = new Acknowledgements()
    const abandoned = acknowledgements.open(arrival('a'), () => released.push('abandoned'))
    const closing = { closed: false }
    abandoned.deliverTo(closing)
    const last = abandoned.deliverTo({ closed: false })
    abandoned.seal()
    acknowledgements.open(arrival('a'), () => released.push('next')).seal()
    closing.closed = true
    acknowledgements.advance()
    last.acknowledge()
    expect(released).toEqual(['next'])
  })

  it('counts two acknowledgements of one holder once', () => {
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

  it('acknowledges a message without a holder on seal', () => {
    const released: string[] = []
    const acknowledgements = new Acknowledgements()
    acknowledgements.open(arrival('a'), () => released.push('a')).seal()
    expect(released).toEqual(['a'])
  })

  it('sends no acknowledgement for QoS 0 and does not delay later messages', () => {
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

  it('keeps the order when an acknowledgement is sent during another', () => {
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

  it('never sends acknowledgements of a lost connection, nor delays those of the next', () => {
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

describe('a block of acknowledgements', () => {
  interface Setting extends VirtualTime {
    readonly acknowledgements: Acknowledgements
    /** Receives a message and returns what acknowledges it. */
    readonly receive: (topic: string) => () => void
    /** What was reported: the topic of the first message, and how many wait. */
    readonly reports: readonly string[]
  }

  function setting(): Setting {
    const time = virtualTime()
    const reports: string[] = []
    const acknowledgements = new Acknowledgements(
      ({ topic }, waiting) => reports.push(`${topic} ${waiting}`),
      deadlinesOn(time.scheduler),
    )
    const receive = (topic: string): (() => void) => {
      const receipt = acknowledgements.open(arrival(topic), () => undefined)
      const { acknowledge } = receipt.deliverTo({ closed: false })
      receipt.seal()
      return acknowledge
    }
    return { ...time, acknowledgements, receive, reports }
  }

  it('is reported once ten messages wait for the first, and again only when another is the first', () => {
    const { receive, reports } = setting()
    const first = receive('first')
    const second = receive('second')
    for (let count = 0; count < 9; count++) receive('later')()
    expect(reports).toEqual([])
    for (let count = 0; count < 5; count++) receive('later')()
    expect(reports).toEqual(['first 10'])
    first()
    expect(reports).toEqual(['first 10', 'second 14'])
    second()
    const third = receive('third')
    for (let count = 0; count < 9; count++) receive('later')()
    expect(reports).toHaveLength(2)
    receive('later')()
    expect(reports).toEqual(['first 10', 'second 14', 'third 10'])
    third()
  })

  it('is reported once if ten messages are not acknowledged for five seconds', () => {
    const { receive, reports, advance, timers } = setting()
    for (let count = 0; count < 9; count++) receive(`${count}`)
    expect(timers()).toBe(0)
    receive('9')
    advance(4_999)
    receive('10')
    expect(reports).toEqual([])
    advance(1)
    expect(reports).toEqual(['0 10'])
    receive('11')
    advance(20_000)
    expect(reports).toEqual(['0 10'])
  })

  it('is not reported while messages are acknowledged, or once fewer than ten are not', () => {
    const { receive, reports, advance, timers } = setting()
    const unacknowledged = Array.from({ length: 10 }, (_, index) => receive(`${index}`))
    for (let count = 0; count < 5; count++) {
      advance(4_000)
      unacknowledged.push(receive(`later ${count}`))
      unacknowledged.shift()?.()
    }
    expect(reports).toEqual([])
    unacknowledged.shift()?.()
    expect(timers()).toBe(0)
    advance(20_000)
    expect(reports).toEqual([])
  })

  it('is forgotten with its connection', () => {
    const { acknowledgements, receive, reports, advance, timers } = setting()
    receive('lost')
    for (let count = 0; count < 12; count++) receive('later')()
    expect(reports).toEqual(['lost 10'])
    acknowledgements.clear()
    expect([acknowledgements.size, timers()]).toEqual([0, 0])
    receive('first')
    for (let count = 0; count < 9; count++) receive('later')()
    expect(reports).toEqual(['lost 10'])
    receive('later')()
    expect(reports).toEqual(['lost 10', 'first 10'])
    advance(5_000)
    expect(reports).toHaveLength(2)
  })
})
