import { config, Subscriber, Subscription } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { Acknowledgements } from '../../src/link/acknowledgements.js'
import type { Delivery, Incident } from '../../src/link/link.js'
import { OpenWindow } from '../../src/link/open-window.js'
import type { Message } from '../../src/message.js'
import { arrival, textOf } from './messages.js'
import { line } from './lines.js'

/** A window, what comes of it, and the acknowledgements that left. */
interface Setting {
  readonly window: OpenWindow
  readonly incidents: Incident[]
  readonly released: string[]
  readonly offer: (message: Message) => void
}

function setting(options: Parameters<typeof line>[1] = {}, filter = 'a/#'): Setting {
  const acknowledgements = new Acknowledgements()
  const incidents: Incident[] = []
  const released: string[] = []
  const window = new OpenWindow({
    request: line(filter, options),
    grantedQoS: 1,
    onLeave: acknowledgements.advance,
    report: (incident) => incidents.push(incident),
  })
  const offer = (message: Message): void => {
    const receipt = acknowledgements.open(message, () => released.push(textOf(message)))
    window.deliver(message, receipt)
    receipt.seal()
  }
  return { window, incidents, released, offer }
}

const receipt = new Acknowledgements().open(arrival('a'), () => undefined)

interface Listening {
  readonly heard: string[]
  readonly leave: () => void
}

/** Listens, writes down what comes, acknowledges it. */
function listen({ window }: Setting, onNext: (text: string) => void = () => undefined): Listening {
  const heard: string[] = []
  const subscription = new Subscription()
  subscription.add(
    window.deliveries$.subscribe({
      next: ({ message, acknowledge }) => {
        const text = `${textOf(message)}${message.retain ? ' retained' : ''}`
        heard.push(text)
        onNext(text)
        acknowledge()
      },
      complete: () => heard.push('|'),
    }),
  )
  return { heard, leave: () => subscription.unsubscribe() }
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
    listen(one, (text) => order.push(`first ${text}`))
    listen(one, (text) => order.push(`second ${text}`))
    one.offer(arrival('a', '1'))
    one.offer(arrival('a', '2'))
    expect(order).toEqual(['first 1', 'second 1', 'first 2', 'second 2'])
    expect(one.released).toEqual(['1', '2'])
    expect(one.window).toMatchObject({ filter: 'a/#', grantedQoS: 1 })
  })

  it('completes for everybody when it closes, and for whoever comes later', () => {
    const one = setting()
    const early = listen(one)
    one.offer(arrival('a', '1', { retain: true }))
    one.window.close()
    one.offer(arrival('a', '2'))
    expect(early.heard).toEqual(['1 retained', '|'])
    expect(listen(one).heard).toEqual(['|'])
  })

  it('leaves unacknowledged what was in the hands of who left, and is not held up by it', () => {
    const one = setting()
    const inHand: Delivery[] = []
    const careless = one.window.deliveries$.subscribe((delivery) => inHand.push(delivery))
    one.offer(arrival('a', '1'))
    const careful = listen(one)
    one.offer(arrival('a', '2'))
    inHand[1]?.acknowledge()
    expect(one.released).toEqual([])
    careless.unsubscribe()
    expect(one.released).toEqual(['2'])
    inHand[0]?.acknowledge()
    one.offer(arrival('a', '3'))
    expect(careful.heard).toEqual(['2', '3'])
    expect(one.released).toEqual(['2', '3'])
  })

  it('does not wait for somebody who was made to leave while a message was handed round', () => {
    const one = setting()
    listen(one, () => second.leave())
    const second = listen(one)
    one.offer(arrival('a', '1'))
    expect(second.heard).toEqual([])
    expect(one.released).toEqual(['1'])
  })

  it('does not disturb a message under way when somebody joins from within', () => {
    const one = setting()
    const joined: string[][] = []
    const first = listen(one, () => {
      if (joined.length === 0) joined.push(listen(one).heard)
    })
    one.offer(arrival('a', '1'))
    one.offer(arrival('a', '2'))
    expect(first.heard).toEqual(['1', '2'])
    expect(joined).toEqual([['2']])
    expect(one.released).toEqual(['1', '2'])
  })

  it('survives being closed from within a message', () => {
    const one = setting()
    const first = listen(one, () => one.window.close())
    const second = listen(one)
    one.offer(arrival('a', '1'))
    one.offer(arrival('a', '2'))
    expect([first.heard, second.heard]).toEqual([['1', '|'], ['|']])
    expect(one.released).toEqual(['1', '2'])
  })

  it('tells of a subscriber that throws, counts its message as handled, and serves the others', () => {
    const one = setting()
    one.window.deliveries$.subscribe(new Thrower())
    const other = listen(one)
    const message = arrival('a', '1')
    one.offer(message)
    one.offer(arrival('a', '2'))
    expect(other.heard).toEqual(['1', '2'])
    expect(one.released).toEqual(['1', '2'])
    expect(one.incidents).toHaveLength(2)
    expect(one.incidents[0]).toMatchObject({ kind: 'subscriber-threw', message })
    expect(one.incidents[0]).toHaveProperty('error', expect.any(AntiphonError))
    expect(one.incidents[0]).toHaveProperty('error.rawMessage', 'no room')
  })

  it('tells of a subscriber that throws at a message kept for it', () => {
    const one = setting()
    one.offer(arrival('a', '1', { retain: true }))
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
    one.offer(arrival('a/1', 'old', { retain: true }))
    one.offer(arrival('a/2', 'kept', { retain: true }))
    one.offer(arrival('a/3', 'live'))
    one.offer(arrival('a/1', 'new'))
    expect(listen(one).heard).toEqual(['kept retained', 'new retained'])
  })

  it('is gone with an empty message, which clears the topic', () => {
    const one = setting()
    one.offer(arrival('a/1', 'old', { retain: true }))
    one.offer(arrival('a/1', ''))
    expect(listen(one).heard).toEqual([])
  })

  it('is not replaced by what was published without the flag, where the flag tells', () => {
    const one = setting({ retainAsPublished: true })
    one.offer(arrival('a/1', 'state', { retain: true }))
    one.offer(arrival('a/1', 'event'))
    one.offer(arrival('a/1', ''))
    expect(listen(one).heard).toEqual(['state retained'])
    one.offer(arrival('a/1', 'newer', { retain: true }))
    expect(listen(one).heard).toEqual(['newer retained'])
  })

  it('is nothing where the broker would send nothing: shared, or asked to send none', () => {
    const shared = setting({ retainAsPublished: true }, '$share/g/a/#')
    shared.offer(arrival('a/1', 'job', { retain: true }))
    expect(listen(shared).heard).toEqual([])
    const never = setting({ retainAsPublished: true, retainHandling: 2 })
    never.offer(arrival('a/1', 'state', { retain: true }))
    expect(listen(never).heard).toEqual([])
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
    one.offer(arrival('a/1'))
    one.window.deliver({ ...arrival('a/3'), retain: true, payload: large }, receipt)
    expect(kept()).toEqual(['a/2', 'a/3'])
  })

  it('is bounded in topics', () => {
    const one = setting()
    for (let topic = 0; topic < 10_001; topic++)
      one.offer(arrival(`a/${topic}`, `${topic}`, { retain: true }))
    const { heard } = listen(one)
    expect(heard).toHaveLength(10_000)
    expect(heard.at(-1)).toBe('9999 retained')
  })

  it('needs no acknowledgement, and is not handed on to who left at the first', () => {
    const one = setting()
    for (const topic of ['a/1', 'a/2', 'a/3']) one.offer(arrival(topic, topic, { retain: true }))
    expect(one.released).toEqual(['a/1', 'a/2', 'a/3'])
    const heard: string[] = []
    const once = new (class extends Subscriber<Delivery> {
      override next({ message }: Delivery): void {
        heard.push(textOf(message))
        this.unsubscribe()
      }
    })()
    one.window.deliveries$.subscribe(once)
    expect(heard).toEqual(['a/1'])
    expect(one.released).toEqual(['a/1', 'a/2', 'a/3'])
  })
})
