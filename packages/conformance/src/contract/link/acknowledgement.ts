import type { Link } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
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
  type CaseContext,
  type RecordedSubscription,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'

/** Reconnects and expects exactly these texts to be redelivered. */
async function expectRedelivered(
  context: CaseContext,
  link: Link,
  subscription: RecordedSubscription,
  expected: readonly string[],
  when: string,
): Promise<void> {
  const before = subscription.deliveries.length
  await context.cut(link)
  await context.restore(link)
  await waitUntilOnline(context, link)
  await context.eventually(subscription.until(before + expected.length))
  await context.settle()
  const redelivered = subscription.deliveries.slice(before)
  expectEqual(textsOf(redelivered), expected, `the redelivered payloads ${when}`)
  expectThat(
    redelivered.every(({ message }) => message.dup),
    'expected DUP on every redelivered message',
  )
}

/** The cases of acknowledgements. */
export const acknowledgementCases: readonly CaseDefinition[] = casesOf(
  'acknowledgements',
  {
    name: 'sends acknowledgements in the order of receipt, whatever the order of the acknowledge calls',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      await sendAll(context, context.peer, topic, numbers(4))
      const [first, second, third] = await context.eventually(subscription.until(4))
      third?.acknowledge()
      second?.acknowledge()
      await context.settle()
      await expectRedelivered(context, link, subscription, numbers(4), 'while the first was not acknowledged')
      first?.acknowledge()
      await context.settle()
      await expectRedelivered(context, link, subscription, numbers(4), 'after a stale acknowledgement')
      const [firstAgain, , thirdAgain] = subscription.deliveries.slice(-4)
      thirdAgain?.acknowledge()
      firstAgain?.acknowledge()
      await context.settle()
      await expectRedelivered(
        context,
        link,
        subscription,
        ['2', '3', '4'],
        'after the first was acknowledged',
      )
      for (const delivery of subscription.deliveries.slice(-3).reverse()) delivery.acknowledge()
      await context.settle()
      await expectRedelivered(context, link, subscription, [], 'after all were acknowledged')
    },
  },
  {
    name: 'ignores a second call of acknowledge for the same delivery',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      await sendAll(context, context.peer, topic, numbers(2))
      const [first] = await context.eventually(subscription.until(2))
      first?.acknowledge()
      first?.acknowledge()
      await context.settle()
      await expectRedelivered(context, link, subscription, ['2'], 'after two acknowledge calls for the first')
    },
  },
  {
    name: 'acknowledges a message of messages$ once its subscriber has returned',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const messages = recordStream(link.messages$(topic, { qos: 2 }))
      const probe = await subscribeAndWait(context, link, topic, { qos: 2 })
      probe.unsubscribe()
      await sendAll(context, context.peer, topic, numbers(3))
      await send(context, context.peer, outgoing(topic, 'at QoS 2', { qos: 2 }))
      await context.eventually(messages.until(4))
      await context.settle()
      await context.cut(link)
      await context.restore(link)
      await waitUntilOnline(context, link)
      await context.settle()
      expectEqual(textsOf(messages.values), [...numbers(3), 'at QoS 2'], 'the payloads over both connections')
    },
  },
  {
    name: 'acknowledges a message once all its subscribers have acknowledged it',
    needs: ['cut', 'overlap'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const slow = await subscribeAndWait(context, link, topic)
      const overlapping = await subscribeAndWait(context, link, context.topic('+'))
      const quick = recordStream(link.messages$(topic))
      await sendAll(context, context.peer, topic, numbers(2))
      await context.eventually(quick.until(2))
      await context.eventually(slow.until(2))
      await context.eventually(overlapping.until(2))
      for (const delivery of overlapping.deliveries) delivery.acknowledge()
      slow.deliveries[0]?.acknowledge()
      await context.settle()
      await expectRedelivered(context, link, slow, ['2'], 'while one subscriber had not acknowledged it')
    },
  },
  {
    name: 'receives unacknowledged deliveries of an unsubscribed subscriber again on the next connection',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const unsubscribed = await subscribeAndWait(context, link, topic)
      await sendAll(context, context.peer, topic, numbers(2))
      await context.eventually(unsubscribed.until(2))
      unsubscribed.unsubscribeFromWindow()
      const remaining = recordSubscription(link, topic)
      await sendAll(context, context.peer, topic, ['3'])
      await context.eventually(remaining.until(1))
      remaining.deliveries[0]?.acknowledge()
      await context.settle()
      await expectRedelivered(context, link, remaining, numbers(2), 'from the unsubscribed subscriber')
    },
  },
  {
    name: 'delivers later messages while an earlier one is unacknowledged',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      await sendAll(context, context.peer, topic, numbers(15))
      await context.eventually(subscription.until(15))
      expectEqual(textsOf(subscription.deliveries), numbers(15), 'the received payloads')
    },
  },
)
