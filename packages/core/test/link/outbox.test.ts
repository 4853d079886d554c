import fc from 'fast-check'
import { Subscriber } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import type { PublishAck } from '../../src/link/link.js'
import { runs } from '../codec/runs.js'
import { failure, completeWith, type PublishCall } from './manual-transport.js'
import { outgoing } from './messages.js'
import { outboxSetting } from './outbox-setting.js'

const acknowledgeAtOnce = (call: PublishCall): void => completeWith(call, { reasonCode: 0 })
const closed = new AntiphonError('link-closed', 'closed')

type Step =
  | { readonly kind: 'publish'; readonly qos: 0 | 1 | 2 }
  | { readonly kind: 'acknowledge' | 'unsubscribe'; readonly which: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume'; readonly quota: number; readonly session: 'received' | 'resumed' | 'lost' }

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
        // In `received`, PUBREC had arrived for all messages in flight, so that none of them is sent again.
        session: fc.constantFrom('received' as const, 'resumed' as const, 'lost' as const),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
)

describe('Outbox', () => {
  it('keeps order and Receive Maximum over any acknowledgements, losses and unsubscribes', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const setting = outboxSetting({
          react: {
            publish: (call) => (call.message.qos === 0 ? acknowledgeAtOnce(call) : undefined),
          },
        })
        const { outbox, log, send, takeSent, online, acknowledge, timers } = setting
        // The model: one queue and one list of messages in flight.
        const qosOf = new Map<string, number>()
        const senders: { readonly text: string; readonly unsubscribe: () => void }[] = []
        const unsubscribed = new Set<string>()
        /** The queued messages that the session still has, and sends again also without their subscriber. */
        const resumed = new Set<string>()
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
            resumed.delete(next)
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
              senders.push({ text, unsubscribe: () => subscription.unsubscribe() })
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
              unsubscribed.add(sender.text)
              queue = queue.filter((text) => text !== sender.text || resumed.has(text))
              sender.unsubscribe()
              return
            }
            case 'pause':
              quota = 0
              outbox.pause()
              return
            case 'resume':
              outbox.pause()
              if (step.session === 'resumed') for (const text of inFlight) resumed.add(text)
              if (step.session !== 'received') queue = [...inFlight.splice(0), ...queue]
              if (step.session === 'lost') {
                queue = queue.filter((text) => !unsubscribed.has(text))
                resumed.clear()
                setting.loseSession()
              } else if (step.session === 'resumed') setting.resumeSession()
              quota = step.quota
              online({ receiveMaximum: quota, sessionPresent: step.session !== 'lost' })
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
        for (const [text] of qosOf) if (!unsubscribed.has(text)) expect(settled).toContain(text)
        expect(timers()).toBe(0)
      }),
      runs,
    )
  })

  it('sends up to Receive Maximum at once, and the rest on acknowledgements', () => {
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

  it('does not send a message whose subscriber had unsubscribed before', () => {
    const { outbox, online, takeSent } = outboxSetting()
    online()
    const unsubscribed = new Subscriber<PublishAck>()
    unsubscribed.unsubscribe()
    outbox.send(outgoing('a', '1'), unsubscribed)
    outbox.pause()
    outbox.send(outgoing('a', '2'), unsubscribed)
    online()
    expect(takeSent()).toEqual([])
  })

  it('sends QoS 0 when Receive Maximum is reached, but not before queued messages', () => {
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

  it('fails a refused message and sends the next', () => {
    const { send, takeSent, online, acknowledge, log } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1')
    send('2')
    acknowledge('1', 0x87)
    expect(log).toEqual(['1 publish-refused'])
    expect(takeSent()).toEqual(['1', '2'])
  })

  it('fails messages that CONNACK rules out without sending them, and sends the next', () => {
    const { send, takeSent, online, log } = outboxSetting()
    send('1', { retain: true })
    send('2', { qos: 2 })
    send('3')
    online({ retainAvailable: false, maximumQoS: 1 })
    send('4', { qos: 2 })
    expect(log).toEqual(['1 publish-refused', '2 publish-refused', '4 publish-refused'])
    expect(takeSent()).toEqual(['3'])
  })

  it('fails a message with the error of its transport', () => {
    const { send, online, transport, log } = outboxSetting()
    online()
    send('1')
    transport.published[0]?.subscriber.error(failure('expired'))
    send('2')
    transport.published[1]?.subscriber.error('not an Error')
    send('3')
    transport.published[2]?.subscriber.complete()
    expect(log).toEqual(['1 expired', '2 unknown', '3 protocol'])
  })

  it('frees the quota of an unsubscribed message that the transport completes without an acknowledgement', () => {
    const { send, takeSent, online, transport } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1').unsubscribe()
    send('2')
    expect(takeSent()).toEqual(['1'])
    transport.published[0]?.subscriber.complete()
    expect(takeSent()).toEqual(['2'])
  })

  it('sends 50 000 queued messages over a synchronous transport without a deep stack', () => {
    const { send, takeSent, online, log } = outboxSetting({ react: { publish: acknowledgeAtOnce } })
    const count = 50_000
    for (let text = 0; text < count; text++) send(`${text}`, { qos: text % 2 === 0 ? 0 : 1 })
    online({ receiveMaximum: 1 })
    expect(takeSent()).toHaveLength(count)
    expect(log).toEqual(Array.from({ length: count }, (_, text) => `${text} 0`))
  })
})

describe('Outbox queue', () => {
  it('fails and reports messages beyond its maximum number', () => {
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
    expect(incidents[0]).toHaveProperty(
      'error.message',
      expect.stringContaining('queue is full (2 messages, 2 bytes)'),
    )
    online()
    for (const text of ['4', '5', '6']) send(text)
    expect(takeSent()).toEqual(['1', '2', '4', '5', '6'])
    expect(log).toEqual(['3 overflow'])
  })

  it('fails messages beyond its maximum payload bytes', () => {
    const { send, log } = outboxSetting({ bounds: { bytes: 10 } })
    send('123456')
    send('12345')
    send('1234')
    send('1')
    expect(log).toEqual(['12345 overflow', '1 overflow'])
  })

  it.each([0, 1, 2] as const)(
    'queues QoS %i messages while 64 MiB are in flight, and fails them beyond its maximum payload bytes',
    (qos) => {
      const mebibyte = new Uint8Array(2 ** 20)
      const { send, online, takeSent, log, transport } = outboxSetting({ bounds: { bytes: 64 * 2 ** 20 } })
      online()
      for (let count = 0; count < 200; count++) send(`${count}`, { payload: mebibyte, qos })
      expect(takeSent()).toHaveLength(64)
      expect(log).toHaveLength(200 - 64 - 64)
      expect(new Set(log.map((line) => line.split(' ')[1]))).toEqual(new Set(['overflow']))
      for (const call of transport.published.slice(0, 10)) completeWith(call, { reasonCode: 0 })
      expect(takeSent()).toHaveLength(10)
    },
  )

  it('keeps 16 MiB in flight if it may queue less, and sends a larger message alone', () => {
    const { send, online, takeSent, log, transport } = outboxSetting({ bounds: { bytes: 0 } })
    online()
    for (let count = 0; count < 5; count++) send(`${count}`, { payload: new Uint8Array(4 * 2 ** 20) })
    expect(takeSent()).toHaveLength(4)
    expect(log).toEqual(['4 overflow'])
    for (const call of transport.published.slice()) completeWith(call, { reasonCode: 0 })
    send('large', { payload: new Uint8Array(32 * 2 ** 20) })
    expect(takeSent()).toHaveLength(1)
  })

  it('fails QoS 0 messages beyond its maximum number while the socket accepts none', () => {
    const { send, online, takeSent, log } = outboxSetting({ bounds: { messages: 1 } })
    online()
    for (let count = 0; count < 70_000; count++) send('', { qos: 0 })
    expect(takeSent()).toHaveLength(65_535)
    expect(log).toHaveLength(70_000 - 65_535 - 1)
  })

  it('has room again when a message is sent, unsubscribed or expired', () => {
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

  it('queues nothing if its limit is 0', () => {
    const { send, online, takeSent, log } = outboxSetting({ bounds: { messages: 0 } })
    send('1')
    online({ receiveMaximum: 1 })
    send('2')
    send('3')
    expect(takeSent()).toEqual(['2'])
    expect(log).toEqual(['1 overflow', '3 overflow'])
  })

  it('drops an unsubscribed message only if it was not sent', () => {
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
