import { expectEqual } from '@antiphon/testing/internal'
import {
  expectFailure,
  numbers,
  waitUntilOnline,
  outgoing,
  send,
  subscribeAndWait,
  textsOf,
  casesOf,
  type CaseDefinition,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'

/** The cases of `publish$` while offline. */
export const queueCases: readonly CaseDefinition[] = casesOf(
  'queueing',
  {
    name: 'queues messages published before the link is online',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      const acks = numbers(3).map((text) => recordStream(link.publish$(outgoing(topic, text))))
      for (const ack of acks) await context.eventually(ack.until(1))
      await context.eventually(received.until(3))
      expectEqual(textsOf(received.deliveries), numbers(3), 'the received payloads')
    },
  },
  {
    name: 'queues messages published while offline and sends them in order',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      await waitUntilOnline(context, link)
      await context.cut(link)
      const acks = numbers(50).map((text) => recordStream(link.publish$(outgoing(topic, text))))
      expectEqual(
        acks.filter((ack) => ack.ending() !== undefined).length,
        0,
        'the number of publishes that ended while offline',
      )
      await context.restore(link)
      for (const ack of acks) await context.eventually(ack.until(1))
      await context.eventually(received.until(50))
      await context.settle()
      expectEqual(textsOf(received.deliveries), numbers(50), 'the received payloads')
    },
  },
  {
    name: 'restores subscriptions before it sends queued messages',
    needs: ['cut', 'lose-session'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      await context.cut(link)
      const ack = recordStream(link.publish$(outgoing(topic, 'to the same link')))
      await context.loseSession(link)
      await context.restore(link)
      await context.eventually(ack.until(1))
      await context.eventually(subscription.until(1))
      expectEqual(textsOf(subscription.deliveries), ['to the same link'], 'the received payloads')
    },
  },
  {
    name: 'fails a publish beyond the queue limit with overflow and reports an incident',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true, maxQueuedMessages: 3 })
      const incidents = recordStream(link.incidents$)
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      await waitUntilOnline(context, link)
      await context.cut(link)
      const acks = numbers(3).map((text) => recordStream(link.publish$(outgoing(topic, text))))
      const beyondLimit = recordStream(link.publish$(outgoing(topic, 'beyond the limit')))
      expectEqual(
        expectFailure(beyondLimit.ending(), 'overflow').phase,
        'before-network',
        'the phase of the error',
      )
      expectEqual(
        incidents.values.map(({ kind, message }) => [kind, message?.topic]),
        [['dropped', topic]],
        'the incidents',
      )
      await context.restore(link)
      for (const ack of acks) await context.eventually(ack.until(1))
      await context.eventually(received.until(3))
      await send(context, link, outgoing(topic, 'after the queue was sent'))
      await context.eventually(received.until(4))
      expectEqual(
        textsOf(received.deliveries),
        [...numbers(3), 'after the queue was sent'],
        'the received payloads',
      )
    },
  },
  {
    name: 'fails a queued message with expired when its expiry elapses, and never sends it',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      await waitUntilOnline(context, link)
      await context.cut(link)
      const short = recordStream(link.publish$(outgoing(topic, 'short', { messageExpiryInterval: 1 })))
      const long = recordStream(link.publish$(outgoing(topic, 'long', { messageExpiryInterval: 600 })))
      const error = expectFailure(await context.eventually(short.ended()), 'expired')
      expectEqual(error.phase, 'before-network', 'the phase of the error')
      await context.restore(link)
      await context.eventually(long.until(1))
      await context.eventually(received.until(1))
      expectEqual(textsOf(received.deliveries), ['long'], 'the received payloads')
    },
  },
  {
    name: 'removes a queued message when its subscriber unsubscribes',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true, maxQueuedMessages: 2 })
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      await waitUntilOnline(context, link)
      await context.cut(link)
      const [first, second] = ['1', '2'].map((text) => recordStream(link.publish$(outgoing(topic, text))))
      first?.unsubscribe()
      const third = recordStream(link.publish$(outgoing(topic, '3')))
      await context.restore(link)
      for (const ack of [second, third]) if (ack !== undefined) await context.eventually(ack.until(1))
      await context.eventually(received.until(2))
      await context.settle()
      expectEqual(textsOf(received.deliveries), ['2', '3'], 'the received payloads')
    },
  },
)
