import { config, Subscriber, Subscription } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { Acknowledgements } from '../../src/link/acknowledgements.js'
import type { Delivery, Incident } from '../../src/link/link.js'
import { OpenWindow } from '../../src/link/open-window.js'
import type { Message } from '../../src/message.js'
import { arrival, textOf } from './messages.js'
import { subscribeRequest } from './subscribe-requests.js'

/** A window, what comes of it, and the acknowledgements that left. */
interface Setting {
  readonly window: OpenWindow
  readonly incidents: Incident[]
  readonly released: string[]
  readonly deliver: (message: Message) => void
}

function setting(options: Parameters<typeof subscribeRequest>[1] = {}, filter = 'a/#'): Setting {
  const acknowledgements = new Acknowledgements()
  const incidents: Incident[] = []
  const released: string[] = []
  const window = new OpenWindow({
    request: subscribeRequest(filter, options),
    grantedQoS: 1,
    onLeave: acknowledgements.advance,
    report: (incident) => incidents.push(incident),
  })
  const deliver = (message: Message): void => {
    const receipt = acknowledgements.open(message, () => released.push(textOf(message)))
    window.deliver(message, receipt)
    receipt.seal()
  }
  return { window, incidents, released, deliver }
}

const receipt = new Acknowledgements().open(arrival('a'), () => undefined)

interface Listening {
  readonly received: string[]
  readonly leave: () => void
}

/** Listens, writes down what comes, acknowledges it. */
function subscribe({ window }: Setting, onNext: (text: string) => void = () => undefined): Listening {
  const received: string[] = []
  const subscription = new Subscription()
  subscription.add(
    window.deliveries$.subscribe({
      next: ({ message, acknowledge }) => {
        const text = `${textOf(message)}${message.retain ? ' retained' : ''}`
        received.push(text)
        onNext(text)
        acknowledge()
      },
      complete: () => received.push('|'),
    }),
  )
  return { received, leave: () => subscription.unsubscribe() }
}

/** Throws into whoever calls it, as hand-written operators can. */
class Thrower extends Subscriber<Delivery> {
  override next(): void {
    throw new Error('no room')
  }
}

describe('a window', () => {
  it('hands each message to everybody, in the order in which they came', () => {
    const one = setting()
    const order: string[] = []
    subscribe(one, (text) => order.push(`first ${text}`))
    subscribe(one, (text) => order.push(`second ${text}`))
    one.deliver(arrival('a', '1'))
    one.deliver(arrival('a', '2'))
    expect(order).toEqual(['first 1', 'second 1', 'first 2', 'second 2'])
    expect(one.released).toEqual(['1', '2'])
    expect(one.window).toMatchObject({ filter: 'a/#', grantedQoS: 1 })
  })

  it('completes for everybody when it closes, and for whoever comes later', () => {
    const one = setting()
    const early = subscribe(one)
    one.deliver(arrival('a', '1', { retain: true }))
    one.window.close()
    one.deliver(arrival('a', '2'))
    expect(early.received).toEqual(['1 retained', '|'])
    expect(subscribe(one).received).toEqual(['|'])
  })

  it('leaves unacknowledged what was in the hands of who left, and is not held up by it', () => {
    const one = setting()
    const inHand: Delivery[] = []
    const careless = one.window.deliveries$.subscribe((delivery) => inHand.push(delivery))
    one.deliver(arrival('a', '1'))
    const careful = subscribe(one)
    one.deliver(arrival('a', '2'))
    inHand[1]?.acknowledge()
    expect(one.released).toEqual([])
    careless.unsubscribe()
    expect(one.released).toEqual(['2'])
    inHand[0]?.acknowledge()
    one.deliver(arrival('a', '3'))
    expect(careful.received).toEqual(['2', '3'])
    expect(one.released).toEqual(['2', '3'])
  })

  it('does not wait for somebody who was made to leave while a message was handed round', () => {
    const one = setting()
    subscribe(one, () => second.leave())
    const second = subscribe(one)
    one.deliver(arrival('a', '1'))
    expect(second.received).toEqual([])
    expect(one.released).toEqual(['1'])
  })

  it('does not disturb a message under way when somebody joins from within', () => {
    const one = setting()
    const joined: string[][] = []
    const first = subscribe(one, () => {
      if (joined.length === 0) joined.push(subscribe(one).received)
    })
    one.deliver(arrival('a', '1'))
    one.deliver(arrival('a', '2'))
    expect(first.received).toEqual(['1', '2'])
    expect(joined).toEqual([['2']])
    expect(one.released).toEqual(['1', '2'])
  })

  it('survives being closed from within a message', () => {
    const one = setting()
    const first = subscribe(one, () => one.window.close())
    const second = subscribe(one)
    one.deliver(arrival('a', '1'))
    one.deliver(arrival('a', '2'))
    expect([first.received, second.received]).toEqual([['1', '|'], ['|']])
    expect(one.released).toEqual(['1', '2'])
  })

  it('tells of a subscriber that throws, counts its message as handled, and serves the others', () => {
    const one = setting()
    one.window.deliveries$.subscribe(new Thrower())
    const other = subscribe(one)
    const message = arrival('a', '1')
    one.deliver(message)
    one.deliver(arrival('a', '2'))
    expect(other.received).toEqual(['1', '2'])
    expect(one.released).toEqual(['1', '2'])
    expect(one.incidents).toHaveLength(2)
    expect(one.incidents[0]).toMatchObject({ kind: 'subscriber-threw', message })
    expect(one.incidents[0]).toHaveProperty('error', expect.any(AntiphonError))
    expect(one.incidents[0]).toHaveProperty('error.rawMessage', 'no room')
  })

  it('tells of a subscriber that throws at a message kept for it', () => {
    const one = setting()
    one.deliver(arrival('a', '1', { retain: true }))
    const thrower = new Thrower()
    const { onUnhandledError } = config
    const unhandled: unknown[] = []
    config.onUnhandledError = (error) => unhandled.push(error)
    one.window.deliveries$.subscribe(thrower)
    config.onUnhandledError = onUnhandledError
    expect(one.incidents).toMatchObject([{ kind: 'subscriber-threw', error: { rawMessage: 'no room' } }])
    expect(thrower.closed).toBe(false)
    expect(unhandled).toEqual([])
  })
})

describe('what a window keeps for late listeners', () => {
  it('is the last message of every topic that had a retained one, marked as retained', () => {
    const one = setting()
    one.deliver(arrival('a/1', 'old', { retain: true }))
    one.deliver(arrival('a/2', 'kept', { retain: true }))
    one.deliver(arrival('a/3', 'live'))
    one.deliver(arrival('a/1', 'new'))
    expect(subscribe(one).received).toEqual(['kept retained', 'new retained'])
  })

  it('is gone with an empty message, which clears the topic', () => {
    const one = setting()
    one.deliver(arrival('a/1', 'old', { retain: true }))
    one.deliver(arrival('a/1', ''))
    expect(subscribe(one).received).toEqual([])
  })

  it('is not replaced by what was published without the flag, where the flag tells', () => {
    const one = setting({ retainAsPublished: true })
    one.deliver(arrival('a/1', 'state', { retain: true }))
    one.deliver(arrival('a/1', 'event'))
    one.deliver(arrival('a/1', ''))
    expect(subscribe(one).received).toEqual(['state retained'])
    one.deliver(arrival('a/1', 'newer', { retain: true }))
    expect(subscribe(one).received).toEqual(['newer retained'])
  })

  it('is nothing where the broker would send nothing: shared, or asked to send none', () => {
    const shared = setting({ retainAsPublished: true }, '$share/g/a/#')
    shared.deliver(arrival('a/1', 'job', { retain: true }))
    expect(subscribe(shared).received).toEqual([])
    const never = setting({ retainAsPublished: true, retainHandling: 2 })
    never.deliver(arrival('a/1', 'state', { retain: true }))
    expect(subscribe(never).received).toEqual([])
  })

  it('is bounded in bytes', () => {
    const one = setting()
    const large = new Uint8Array(8 * 2 ** 20)
    for (const topic of ['a/1', 'a/2', 'a/3'])
      one.window.deliver({ ...arrival(topic), retain: true, payload: large }, receipt)
    const kept = (): string[] => {
      const topics: string[] = []
      one.window.deliveries$.subscribe(({ message }) => topics.push(message.topic)).unsubscribe()
      return topics
    }
    expect(kept()).toEqual(['a/1', 'a/2'])
    one.deliver(arrival('a/1'))
    one.window.deliver({ ...arrival('a/3'), retain: true, payload: large }, receipt)
    expect(kept()).toEqual(['a/2', 'a/3'])
  })

  it('is bounded in topics', () => {
    const one = setting()
    for (let topic = 0; topic < 10_001; topic++)
      one.deliver(arrival(`a/${topic}`, `${topic}`, { retain: true }))
    const { received } = subscribe(one)
    expect(received).toHaveLength(10_000)
    expect(received.at(-1)).toBe('9999 retained')
  })

  it('needs no acknowledgement, and is not handed on to who left at the first', () => {
    const one = setting()
    for (const topic of ['a/1', 'a/2', 'a/3']) one.deliver(arrival(topic, topic, { retain: true }))
    expect(one.released).toEqual(['a/1', 'a/2', 'a/3'])
    const received: string[] = []
    const once = new (class extends Subscriber<Delivery> {
      override next({ message }: Delivery): void {
        received.push(textOf(message))
        this.unsubscribe()
      }
    })()
    one.window.deliveries$.subscribe(once)
    expect(received).toEqual(['a/1'])
    expect(one.released).toEqual(['a/1', 'a/2', 'a/3'])
  })
})
