import { config, EMPTY, Subscriber, Subscription } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { Acknowledgements } from '../../src/link/acknowledgements.js'
import type { Delivery, Incident } from '../../src/link/link.js'
import { OpenSubscription } from '../../src/link/open-subscription.js'
import type { Message } from '../../src/message.js'
import { arrival, textOf } from './messages.js'
import { subscribeRequest } from './subscribe-requests.js'

/** A window with its incidents and sent acknowledgements. */
interface WindowSetting {
  readonly window: OpenSubscription
  readonly incidents: Incident[]
  readonly released: string[]
  readonly deliver: (message: Message) => void
}

function windowSetting(options: Parameters<typeof subscribeRequest>[1] = {}, filter = 'a/#'): WindowSetting {
  const acknowledgements = new Acknowledgements()
  const incidents: Incident[] = []
  const released: string[] = []
  const window = new OpenSubscription({
    request: subscribeRequest(filter, options),
    grantedQoS: 1,
    unsubscribe$: EMPTY,
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

interface TestSubscriber {
  readonly received: string[]
  readonly unsubscribe: () => void
}

/** Subscribes; records and acknowledges every delivery. */
function subscribe(
  { window }: WindowSetting,
  onNext: (text: string) => void = () => undefined,
): TestSubscriber {
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
  return { received, unsubscribe: () => subscription.unsubscribe() }
}

/** A subscriber whose `next` throws to its source, as in hand-written operators. */
class Thrower extends Subscriber<Delivery> {
  override next(): void {
    throw new Error('no room')
  }
}

describe('OpenSubscription', () => {
  it('delivers each message to all subscribers in order of subscription', () => {
    const setting = windowSetting()
    const order: string[] = []
    subscribe(setting, (text) => order.push(`first ${text}`))
    subscribe(setting, (text) => order.push(`second ${text}`))
    setting.deliver(arrival('a', '1'))
    setting.deliver(arrival('a', '2'))
    expect(order).toEqual(['first 1', 'second 1', 'first 2', 'second 2'])
    expect(setting.released).toEqual(['1', '2'])
    expect(setting.window).toMatchObject({ filter: 'a/#', grantedQoS: 1 })
  })

  it('completes current and later subscribers when it closes', () => {
    const setting = windowSetting()
    const early = subscribe(setting)
    setting.deliver(arrival('a', '1', { retain: true }))
    setting.window.close()
    setting.deliver(arrival('a', '2'))
    expect(early.received).toEqual(['1 retained', '|'])
    expect(subscribe(setting).received).toEqual(['|'])
  })

  it('leaves open deliveries of an unsubscribed subscriber unacknowledged, without delaying others', () => {
    const setting = windowSetting()
    const openDeliveries: Delivery[] = []
    const careless = setting.window.deliveries$.subscribe((delivery) => openDeliveries.push(delivery))
    setting.deliver(arrival('a', '1'))
    const careful = subscribe(setting)
    setting.deliver(arrival('a', '2'))
    openDeliveries[1]?.acknowledge()
    expect(setting.released).toEqual([])
    careless.unsubscribe()
    expect(setting.released).toEqual(['2'])
    openDeliveries[0]?.acknowledge()
    setting.deliver(arrival('a', '3'))
    expect(careful.received).toEqual(['2', '3'])
    expect(setting.released).toEqual(['2', '3'])
  })

  it('does not wait for a subscriber that was unsubscribed during the delivery', () => {
    const setting = windowSetting()
    subscribe(setting, () => second.unsubscribe())
    const second = subscribe(setting)
    setting.deliver(arrival('a', '1'))
    expect(second.received).toEqual([])
    expect(setting.released).toEqual(['1'])
  })

  it('delivers only later messages to a subscriber added during a delivery', () => {
    const setting = windowSetting()
    const joined: string[][] = []
    const first = subscribe(setting, () => {
      if (joined.length === 0) joined.push(subscribe(setting).received)
    })
    setting.deliver(arrival('a', '1'))
    setting.deliver(arrival('a', '2'))
    expect(first.received).toEqual(['1', '2'])
    expect(joined).toEqual([['2']])
    expect(setting.released).toEqual(['1', '2'])
  })

  it('can be closed during a delivery', () => {
    const setting = windowSetting()
    const first = subscribe(setting, () => setting.window.close())
    const second = subscribe(setting)
    setting.deliver(arrival('a', '1'))
    setting.deliver(arrival('a', '2'))
    expect([first.received, second.received]).toEqual([['1', '|'], ['|']])
    expect(setting.released).toEqual(['1', '2'])
  })

  it('reports a subscriber that throws, acknowledges its message and delivers to the others', () => {
    const setting = windowSetting()
    setting.window.deliveries$.subscribe(new Thrower())
    const other = subscribe(setting)
    const message = arrival('a', '1')
    setting.deliver(message)
    setting.deliver(arrival('a', '2'))
    expect(other.received).toEqual(['1', '2'])
    expect(setting.released).toEqual(['1', '2'])
    expect(setting.incidents).toHaveLength(2)
    expect(setting.incidents[0]).toMatchObject({ kind: 'subscriber-threw', message })
    expect(setting.incidents[0]).toHaveProperty('error', expect.any(AntiphonError))
    expect(setting.incidents[0]).toHaveProperty('error.rawMessage', 'no room')
  })

  it('reports a subscriber that throws on a cached retained message', () => {
    const setting = windowSetting()
    setting.deliver(arrival('a', '1', { retain: true }))
    const thrower = new Thrower()
    const { onUnhandledError } = config
    const unhandled: unknown[] = []
    config.onUnhandledError = (error) => unhandled.push(error)
    setting.window.deliveries$.subscribe(thrower)
    config.onUnhandledError = onUnhandledError
    expect(setting.incidents).toMatchObject([{ kind: 'subscriber-threw', error: { rawMessage: 'no room' } }])
    expect(thrower.closed).toBe(false)
    expect(unhandled).toEqual([])
  })
})

describe('OpenSubscription cache of retained messages', () => {
  it('sends a late subscriber the last message of every topic that had a retained one', () => {
    const setting = windowSetting()
    setting.deliver(arrival('a/1', 'old', { retain: true }))
    setting.deliver(arrival('a/2', 'retained', { retain: true }))
    setting.deliver(arrival('a/3', 'live'))
    setting.deliver(arrival('a/1', 'new'))
    expect(subscribe(setting).received).toEqual(['retained retained', 'new retained'])
  })

  it('removes a topic on an empty payload', () => {
    const setting = windowSetting()
    setting.deliver(arrival('a/1', 'old', { retain: true }))
    setting.deliver(arrival('a/1', ''))
    expect(subscribe(setting).received).toEqual([])
  })

  it('is not updated by messages without RETAIN if retainAsPublished is set', () => {
    const setting = windowSetting({ retainAsPublished: true })
    setting.deliver(arrival('a/1', 'state', { retain: true }))
    setting.deliver(arrival('a/1', 'event'))
    setting.deliver(arrival('a/1', ''))
    expect(subscribe(setting).received).toEqual(['state retained'])
    setting.deliver(arrival('a/1', 'newer', { retain: true }))
    expect(subscribe(setting).received).toEqual(['newer retained'])
  })

  it('stays empty for shared filters and retainHandling 2', () => {
    const shared = windowSetting({ retainAsPublished: true }, '$share/g/a/#')
    shared.deliver(arrival('a/1', 'job', { retain: true }))
    expect(subscribe(shared).received).toEqual([])
    const never = windowSetting({ retainAsPublished: true, retainHandling: 2 })
    never.deliver(arrival('a/1', 'state', { retain: true }))
    expect(subscribe(never).received).toEqual([])
  })

  it('keeps at most 16 MiB of retained payloads', () => {
    const setting = windowSetting()
    const large = new Uint8Array(8 * 2 ** 20)
    for (const topic of ['a/1', 'a/2', 'a/3'])
      setting.window.deliver({ ...arrival(topic), retain: true, payload: large }, receipt)
    const cachedTopics = (): string[] => {
      const topics: string[] = []
      setting.window.deliveries$.subscribe(({ message }) => topics.push(message.topic)).unsubscribe()
      return topics
    }
    expect(cachedTopics()).toEqual(['a/1', 'a/2'])
    setting.deliver(arrival('a/1'))
    setting.window.deliver({ ...arrival('a/3'), retain: true, payload: large }, receipt)
    expect(cachedTopics()).toEqual(['a/2', 'a/3'])
  })

  it('keeps retained messages of at most 10 000 topics', () => {
    const setting = windowSetting()
    for (let topic = 0; topic < 10_001; topic++)
      setting.deliver(arrival(`a/${topic}`, `${topic}`, { retain: true }))
    const { received } = subscribe(setting)
    expect(received).toHaveLength(10_000)
    expect(received.at(-1)).toBe('9999 retained')
  })

  it('needs no acknowledgement and stops when the subscriber unsubscribes', () => {
    const setting = windowSetting()
    for (const topic of ['a/1', 'a/2', 'a/3']) setting.deliver(arrival(topic, topic, { retain: true }))
    expect(setting.released).toEqual(['a/1', 'a/2', 'a/3'])
    const received: string[] = []
    const once = new (class extends Subscriber<Delivery> {
      override next({ message }: Delivery): void {
        received.push(textOf(message))
        this.unsubscribe()
      }
    })()
    setting.window.deliveries$.subscribe(once)
    expect(received).toEqual(['a/1'])
    expect(setting.released).toEqual(['a/1', 'a/2', 'a/3'])
  })
})
