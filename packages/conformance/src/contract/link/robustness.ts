import type { Delivery, Message } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { Subscriber, config } from 'rxjs'
import {
  numbers,
  waitUntilOnline,
  outgoing,
  send,
  sendAll,
  subscribeAndWait,
  textsOf,
  recordSubscription,
  casesOf,
  type CaseDefinition,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'

/** A subscriber whose `next` throws into the code that calls it, as that of a hand-written operator can. */
class ThrowingSubscriber<T> extends Subscriber<T> {
  override next(): void {
    throw new Error('thrown by a subscriber')
  }
}

/** The cases of subscribers, handlers and packets that fail. */
export const robustnessCases: readonly CaseDefinition[] = casesOf(
  'robustness',
  {
    name: 'reports a throwing subscriber as an incident without disturbing other subscribers',
    run: async (context) => {
      const link = context.link()
      const incidents = recordStream(link.incidents$)
      const topic = context.topic('a')
      const before = await subscribeAndWait(context, link, topic)
      recordStream(link.subscription$(topic), ({ deliveries$ }) => {
        deliveries$.subscribe(new ThrowingSubscriber<Delivery>())
      })
      const after = await subscribeAndWait(context, link, topic)
      await sendAll(context, context.peer, topic, numbers(3))
      await context.eventually(Promise.all([before.until(3), after.until(3)]))
      await context.eventually(incidents.until(3))
      const [incident] = incidents.values
      expectThat(
        incident?.kind === 'subscriber-threw',
        `expected an incident 'subscriber-threw', not ${String(incident?.kind)}`,
      )
      expectEqual(incident.error.rawMessage, 'thrown by a subscriber', 'the error in the incident')
      expectEqual(incident.message.topic, topic, 'the topic of the message')
    },
  },
  {
    name: 'reports a throwing handler through config.onUnhandledError without disturbing other subscribers',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const { onUnhandledError } = config
      const reported: unknown[] = []
      let resolveReported: () => void = () => undefined
      const bothReported = new Promise<void>((resolve) => {
        resolveReported = resolve
      })
      config.onUnhandledError = (error) => {
        reported.push(error)
        if (reported.length === 2) resolveReported()
      }
      try {
        link.messages$(topic).subscribe(() => {
          throw new Error('thrown by a handler')
        })
        const good = recordStream(link.messages$(topic))
        await subscribeAndWait(context, link, topic)
        await sendAll(context, context.peer, topic, numbers(2))
        await context.eventually(good.until(2))
        await context.eventually(bothReported)
        expectEqual(textsOf(good.values), numbers(2), 'the received payloads')
        expectEqual(reported.map(String), Array(2).fill('Error: thrown by a handler'), 'the reported errors')
      } finally {
        config.onUnhandledError = onUnhandledError
      }
    },
  },
  {
    name: 'reports a malformed packet as an incident and keeps the stream open',
    needs: ['send-malformed'],
    run: async (context) => {
      const link = context.link()
      const incidents = recordStream(link.incidents$)
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      await context.sendMalformed(link, topic)
      await context.eventually(incidents.until(1))
      expectEqual(incidents.values[0]?.kind, 'malformed', 'the kind of the incident')
      await waitUntilOnline(context, link)
      await context.eventually(subscription.windows.until(1))
      await send(context, context.peer, outgoing(topic, 'well-formed'))
      await context.eventually(subscription.until(1))
      expectEqual(textsOf(subscription.deliveries), ['well-formed'], 'the received payloads')
    },
  },
  {
    name: 'subscribes, unsubscribes and publishes inside a message handler',
    run: async (context) => {
      const link = context.link()
      const [first, second] = [context.topic('first'), context.topic('second')]
      const opened = await subscribeAndWait(context, link, first)
      const received: Message[] = []
      const handler = recordStream(link.messages$(first), (message) => {
        received.push(message)
        handler.unsubscribe()
        const inner = recordStream(link.messages$(second), (message) => {
          received.push(message)
          inner.unsubscribe()
        })
        recordStream(link.subscription$(second), () => {
          recordStream(link.publish$(outgoing(second, 'from inside')))
        })
      })
      const other = recordSubscription(link, first)
      await sendAll(context, context.peer, first, numbers(2))
      await context.eventually(Promise.all([opened.until(2), other.until(2)]))
      const fromSecond = await subscribeAndWait(context, link, second)
      await context.settle()
      expectEqual(textsOf(received), ['1', 'from inside'], 'the payloads for the handlers')
      fromSecond.unsubscribe()
    },
  },
  {
    name: 'receives a burst of 1 000 messages completely and in order',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const messages = recordStream(link.messages$(topic))
      const ready = await subscribeAndWait(context, link, topic)
      ready.unsubscribe()
      await sendAll(context, context.peer, topic, numbers(1_000))
      await context.eventually(messages.until(1_000))
      await context.settle()
      expectEqual(textsOf(messages.values), numbers(1_000), 'the received payloads')
    },
  },
)
