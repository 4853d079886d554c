import fc from 'fast-check'
import { Subscriber } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import type { PublishAck } from '../../src/link/link.js'
import { runs } from '../codec/runs.js'
import { failure, respond, type PublishCall } from './manual-transport.js'
import { outgoing } from './messages.js'
import { outboxSetting } from './outbox-setting.js'

const acknowledgeAtOnce = (requested: PublishCall): void => respond(requested, { reasonCode: 0 })
const closed = new AntiphonError('link-closed', 'closed')

type Step =
  | { readonly kind: 'publish'; readonly qos: 0 | 1 | 2 }
  | { readonly kind: 'acknowledge' | 'unsubscribe'; readonly which: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume'; readonly quota: number; readonly isSessionLost: boolean }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('publish' as const), qos: fc.constantFrom(0, 1, 1, 2) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), which: fc.nat({ max: 5 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), which: fc.nat({ max: 20 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('resume' as const),
        quota: fc.integer({ min: 1, max: 4 }),
        isSessionLost: fc.boolean(),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
)

describe('an outbox', () => {
  it('keeps the order and the quota over any acknowledgements, losses and changes of mind', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const { outbox, log, send, takeSent, online, acknowledge, loseSession, timers } = outboxSetting({
          react: {
            publish: (requested) => (requested.message.qos === 0 ? acknowledgeAtOnce(requested) : undefined),
          },
        })
        // The naive account: one queue, one list of what is in flight, everything by hand.
        const qosOf = new Map<string, number>()
        const senders: { readonly text: string; readonly leave: () => void }[] = []
        const left = new Set<string>()
        const expected: string[] = []
        let queue: string[] = []
        let inFlight: string[] = []
        let quota = 0
        const pump = (): void => {
          while (quota > 0) {
            const [next] = queue
            if (next === undefined || (qosOf.get(next) !== 0 && inFlight.length >= quota)) return
            queue = queue.slice(1)
            expected.push(next)
            if (qosOf.get(next) !== 0) inFlight.push(next)
          }
        }
        const perform = (step: Step): void => {
          switch (step.kind) {
            case 'publish': {
              const text = `${qosOf.size}`
              qosOf.set(text, step.qos)
              queue.push(text)
              const subscription = send(text, { qos: step.qos })
              senders.push({ text, leave: () => subscription.unsubscribe() })
              return
            }
            case 'acknowledge': {
              const text = inFlight[step.which]
              if (text === undefined) return
              inFlight = inFlight.filter((other) => other !== text)
              acknowledge(text)
              return
            }
            case 'unsubscribe': {
              const sender = senders.at(-1 - step.which)
              if (sender === undefined) return
              left.add(sender.text)
              queue = queue.filter((text) => text !== sender.text)
              sender.leave()
              return
            }
            case 'pause':
              quota = 0
              outbox.pause()
              return
            case 'resume':
              outbox.pause()
              if (step.isSessionLost) {
                queue = [...inFlight.filter((text) => !left.has(text)), ...queue]
                inFlight = []
                loseSession()
              }
              quota = step.quota
              online({ receiveMaximum: quota, sessionPresent: !step.isSessionLost })
          }
        }
        for (const step of steps) {
          perform(step)
          pump()
          expect(takeSent()).toEqual(expected.splice(0))
        }
        outbox.end(closed)
        const settled = log.map((line) => line.split(' ')[0])
        expect(new Set(settled).size).toBe(settled.length)
        for (const [text] of qosOf) if (!left.has(text)) expect(settled).toContain(text)
        expect(timers()).toBe(0)
      }),
      runs,
    )
  })

  it('sends at once what the quota has room for, and the rest as acknowledgements make room', () => {
    const { send, takeSent, online, acknowledge, log } = outboxSetting()
    online({ receiveMaximum: 2 })
    for (const text of ['1', '2', '3', '4']) send(text)
    expect(takeSent()).toEqual(['1', '2'])
    acknowledge('2', 0x10)
    expect(takeSent()).toEqual(['3'])
    acknowledge('1')
    acknowledge('3')
    expect(takeSent()).toEqual(['4'])
    expect(log).toEqual(['2 16', '1 0', '3 0'])
  })

  it('sends nothing for who has left before', () => {
    const { outbox, online, takeSent } = outboxSetting()
    online()
    const gone = new Subscriber<PublishAck>()
    gone.unsubscribe()
    outbox.send(outgoing('a', '1'), gone)
    outbox.pause()
    outbox.send(outgoing('a', '2'), gone)
    online()
    expect(takeSent()).toEqual([])
  })

  it('lets QoS 0 pass by a used up quota, but by nothing that waits', () => {
    const { send, takeSent, online, acknowledge } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1')
    send('0a', { qos: 0 })
    send('2', { qos: 2 })
    send('0b', { qos: 0 })
    expect(takeSent()).toEqual(['1', '0a'])
    acknowledge('1')
    expect(takeSent()).toEqual(['2', '0b'])
  })

  it('tells of a refusal by its reason, and goes on', () => {
    const { send, takeSent, online, acknowledge, log } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1')
    send('2')
    acknowledge('1', 0x87)
    expect(log).toEqual(['1 publish-refused'])
    expect(takeSent()).toEqual(['1', '2'])
  })

  it('sends nothing the broker said it would refuse, and goes on with the next', () => {
    const { send, takeSent, online, log } = outboxSetting()
    send('1', { retain: true })
    send('2', { qos: 2 })
    send('3')
    online({ retainAvailable: false, maximumQoS: 1 })
    send('4', { qos: 2 })
    expect(log).toEqual(['1 publish-refused', '2 publish-refused', '4 publish-refused'])
    expect(takeSent()).toEqual(['3'])
  })

  it('tells what a transport says of its own', () => {
    const { send, online, transport, log } = outboxSetting()
    online()
    send('1')
    transport.published[0]?.subscriber.error(failure('expired'))
    send('2')
    transport.published[1]?.subscriber.error('a word')
    send('3')
    transport.published[2]?.subscriber.complete()
    expect(log).toEqual(['1 expired', '2 unknown', '3 protocol'])
  })

  it('gets its quota back from a transport that has no answer for who has left', () => {
    const { send, takeSent, online, transport } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1').unsubscribe()
    send('2')
    expect(takeSent()).toEqual(['1'])
    transport.published[0]?.subscriber.complete()
    expect(takeSent()).toEqual(['2'])
  })

  it('goes through a long queue without a deep stack, telling in order', () => {
    const { send, takeSent, online, log } = outboxSetting({ react: { publish: acknowledgeAtOnce } })
    const count = 50_000
    for (let text = 0; text < count; text++) send(`${text}`, { qos: text % 2 === 0 ? 0 : 1 })
    online({ receiveMaximum: 1 })
    expect(takeSent()).toHaveLength(count)
    expect(log).toEqual(Array.from({ length: count }, (_, text) => `${text} 0`))
  })
})

describe('what waits in an outbox', () => {
  it('is bounded in number; what has no room is failed and told of', () => {
    const { send, online, takeSent, log, incidents } = outboxSetting({ bounds: { messages: 2 } })
    for (const text of ['1', '2', '3']) send(text)
    expect(log).toEqual(['3 overflow'])
    expect(incidents).toMatchObject([
      {
        kind: 'dropped',
        message: { topic: 'a' },
        error: { code: 'overflow', topic: 'a', phase: 'before-network' },
      },
    ])
    expect(incidents[0]).toHaveProperty('error.message', expect.stringContaining('2 messages, 2 bytes wait'))
    online()
    for (const text of ['4', '5', '6']) send(text)
    expect(takeSent()).toEqual(['1', '2', '4', '5', '6'])
    expect(log).toEqual(['3 overflow'])
  })

  it('is bounded in bytes of payload', () => {
    const { send, log } = outboxSetting({ bounds: { bytes: 10 } })
    send('123456')
    send('12345')
    send('1234')
    send('1')
    expect(log).toEqual(['12345 overflow', '1 overflow'])
  })

  it('frees its room when it is sent, taken out or expired', () => {
    const { send, online, outbox, advance, takeSent, log } = outboxSetting({
      bounds: { messages: 1, bytes: 3 },
    })
    send('1').unsubscribe()
    send('2', { messageExpiryInterval: 1 })
    advance(1_000)
    send('333')
    online()
    outbox.pause()
    send('444')
    send('5')
    expect(takeSent()).toEqual(['333'])
    expect(log).toEqual(['2 expired', '5 overflow'])
  })

  it('is nothing at all where nothing may wait', () => {
    const { send, online, takeSent, log } = outboxSetting({ bounds: { messages: 0 } })
    send('1')
    online({ receiveMaximum: 1 })
    send('2')
    send('3')
    expect(takeSent()).toEqual(['2'])
    expect(log).toEqual(['1 overflow', '3 overflow'])
  })

  it('is taken out by who no longer wants it, and what has left stays sent', () => {
    const { send, online, takeSent, acknowledge, log } = outboxSetting()
    const [first, second] = [send('1'), send('2')]
    second.unsubscribe()
    online({ receiveMaximum: 1 })
    first.unsubscribe()
    send('3')
    expect(takeSent()).toEqual(['1'])
    acknowledge('1')
    expect(takeSent()).toEqual(['3'])
    expect(log).toEqual([])
  })
})
