import { expectEqual, expectThat } from '@antiphon/testing/internal'
import {
  expectFailure,
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

const invalidFilters = [
  '',
  'a/#/b',
  'a+/b',
  'a/b#',
  'a\u0000b',
  '$share/g',
  '$share/g/',
  '$share//a',
  '$share/g+/a',
]

/** The cases of subscribing and unsubscribing with `subscription$` and `messages$`. */
export const subscriptionCases: readonly CaseDefinition[] = casesOf(
  'subscribing',
  {
    name: 'emits a window only after SUBACK, so that messages published from then on arrive',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const subscription = recordSubscription(link, topic, { qos: 2 })
      const [window] = await context.eventually(subscription.windows.until(1))
      expectEqual(window?.filter, topic, 'the filter of the window')
      expectEqual(window?.grantedQoS, 2, 'the granted QoS')
      await send(context, context.peer, outgoing(topic, 'at once'))
      await context.eventually(subscription.until(1))
      expectEqual(textsOf(subscription.deliveries), ['at once'], 'the received payloads')
    },
  },
  {
    name: 'sends one SUBSCRIBE for N subscribers of a filter and one UNSUBSCRIBE after the last',
    needs: ['count-packets'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      await waitUntilOnline(context, link)
      const early = [1, 2, 3].map(() => recordSubscription(link, topic))
      for (const subscription of early) await context.eventually(subscription.windows.until(1))
      const late = await subscribeAndWait(context, link, topic)
      const messages = recordStream(link.messages$(topic))
      await context.settle()
      expectEqual(
        await context.packets(topic),
        { subscribe: 1, unsubscribe: 0 },
        'the packets for five subscribers',
      )
      await send(context, context.peer, outgoing(topic, 'x'))
      for (const subscription of [...early, late]) await context.eventually(subscription.until(1))
      await context.settle()
      expectEqual(
        [...early, late].map(({ deliveries }) => deliveries.length),
        [1, 1, 1, 1],
        'the number of deliveries of each subscriber',
      )
      expectEqual(textsOf(messages.values), ['x'], 'the messages of the fifth subscriber')
      for (const subscription of early) subscription.unsubscribe()
      messages.unsubscribe()
      await context.settle()
      expectEqual(
        await context.packets(topic),
        { subscribe: 1, unsubscribe: 0 },
        'the packets while one subscriber is left',
      )
      late.unsubscribe()
      await context.settle()
      expectEqual(
        await context.packets(topic),
        { subscribe: 1, unsubscribe: 1 },
        'the packets after all have unsubscribed',
      )
    },
  },
  {
    name: 'emits the open window to a late subscriber synchronously',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const early = await subscribeAndWait(context, link, topic)
      const late = recordSubscription(link, topic)
      expectThat(late.windows.values[0] === early.windows.values[0], 'expected the same window synchronously')
    },
  },
  {
    name: 'delivers retained messages to a late subscriber, and to none twice',
    run: async (context) => {
      const link = context.link()
      const filter = context.topic('+')
      await send(context, context.peer, outgoing(context.topic('a'), 'A', { retain: true }))
      await send(context, context.peer, outgoing(context.topic('b'), 'B', { retain: true }))
      try {
        const early = recordStream(link.messages$(filter))
        await context.eventually(early.until(2))
        await send(context, context.peer, outgoing(context.topic('b'), 'B2', { retain: true }))
        await context.eventually(early.until(3))
        const late = recordStream(link.messages$(filter))
        await context.eventually(late.until(2))
        await context.settle()
        expectEqual([...textsOf(late.values)].sort(), ['A', 'B2'], 'the payloads for the late subscriber')
        expectEqual(
          late.values.map(({ retain }) => retain),
          [true, true],
          'the RETAIN flags for the late subscriber',
        )
        expectEqual(
          [...textsOf(early.values)].sort(),
          ['A', 'B', 'B2'],
          'the payloads for the early subscriber',
        )
      } finally {
        for (const name of ['a', 'b'])
          await send(context, context.peer, outgoing(context.topic(name), '', { retain: true }))
      }
    },
  },
  {
    name: 'fails only the refused filter, with the reason code of SUBACK',
    needs: ['refuse-subscribe'],
    run: async (context) => {
      const link = context.link()
      const [bad, good] = [context.topic('bad'), context.topic('good')]
      await context.refuseSubscribe(bad, 0x87)
      const refused = recordSubscription(link, bad)
      const messages = recordStream(link.messages$(bad))
      const granted = await subscribeAndWait(context, link, good)
      const error = expectFailure(await context.eventually(refused.windows.ended()), 'subscribe-refused')
      expectFailure(await context.eventually(messages.ended()), 'subscribe-refused')
      expectThat((error.reasonCode ?? 0) >= 0x80, 'expected a reason code of 0x80 or above')
      expectEqual(error.topic, bad, 'the filter in the error')
      expectEqual(refused.windows.values.length, 0, 'the number of windows of the refused filter')
      await send(context, context.peer, outgoing(good, 'x'))
      await context.eventually(granted.until(1))
    },
  },
  {
    name: 'rejects an invalid filter, or No Local on a shared one, before sending a packet',
    run: async (context) => {
      const link = context.link()
      for (const filter of invalidFilters) {
        expectFailure(recordStream(link.messages$(filter)).ending(), 'invalid-argument')
        expectFailure(recordStream(link.subscription$(filter)).ending(), 'invalid-argument')
      }
      expectFailure(
        recordStream(link.messages$('$share/g/a', { noLocal: true })).ending(),
        'invalid-argument',
      )
      await subscribeAndWait(context, link, context.topic('a'))
    },
  },
  {
    name: 'delivers a message once to each of several overlapping subscriptions',
    needs: ['overlap'],
    run: async (context) => {
      const link = context.link()
      const filters = ['a/#', 'a/+', 'a/b', '+/b', 'a/b/#'].map(context.topic)
      const subscriptions = filters.map((filter, index) =>
        recordSubscription(link, filter, { qos: index % 2 === 0 ? 1 : 2 }),
      )
      const other = await subscribeAndWait(context, link, context.topic('a/c'))
      for (const subscription of subscriptions) await context.eventually(subscription.windows.until(1))
      await sendAll(context, context.peer, context.topic('a/b'), numbers(5))
      for (const subscription of subscriptions) await context.eventually(subscription.until(5))
      await context.settle()
      for (const [index, subscription] of subscriptions.entries())
        expectEqual(
          textsOf(subscription.deliveries),
          numbers(5),
          `the payloads for ${String(filters[index])}`,
        )
      expectEqual(other.deliveries.length, 0, 'the number of deliveries for a filter that does not match')
    },
  },
  {
    name: 'opens an overlapping subscription without disturbing an earlier one',
    needs: ['overlap'],
    run: async (context) => {
      const link = context.link()
      const wide = await subscribeAndWait(context, link, context.topic('#'))
      const narrow = await subscribeAndWait(context, link, context.topic('a'))
      await send(context, context.peer, outgoing(context.topic('a'), '1'))
      await context.eventually(narrow.until(1))
      narrow.unsubscribe()
      await context.settle()
      await send(context, context.peer, outgoing(context.topic('a'), '2'))
      await context.eventually(wide.until(2))
      await context.settle()
      expectEqual(textsOf(wide.deliveries), ['1', '2'], 'the payloads for the wide filter')
      expectEqual(textsOf(narrow.deliveries), ['1'], 'the payloads for the narrow filter')
    },
  },
  {
    name: "omits the link's own messages from a subscription with No Local",
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic, { noLocal: true })
      await send(context, link, outgoing(topic, 'mine'))
      await send(context, context.peer, outgoing(topic, 'theirs'))
      await context.eventually(subscription.until(1))
      await context.settle()
      expectEqual(textsOf(subscription.deliveries), ['theirs'], 'the received payloads')
    },
  },
  {
    name: 'distributes each message to one member of a shared subscription and to every ordinary subscriber',
    needs: ['shared'],
    run: async (context) => {
      const topic = context.topic('a')
      const [first, second, single] = [context.link(), context.link(), context.link()]
      const members = [
        await subscribeAndWait(context, first, `$share/group/${topic}`),
        await subscribeAndWait(context, second, `$share/group/${topic}`),
      ]
      const ordinary = await subscribeAndWait(context, single, topic)
      await sendAll(context, context.peer, topic, numbers(10))
      await context.eventually(ordinary.until(10))
      await context.settle()
      const shared = members.flatMap(({ deliveries }) => textsOf(deliveries))
      expectEqual(shared.sort(), [...numbers(10)].sort(), 'the payloads for the group')
      for (const { deliveries } of members)
        expectThat(deliveries.length > 0, 'expected at least one message for each member of the group')
    },
  },
  {
    name: 'delivers to a shared and an ordinary subscription of the same filter on one link',
    needs: ['shared', 'identifiers'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const shared = await subscribeAndWait(context, link, `$share/group/${topic}`)
      const ordinary = await subscribeAndWait(context, link, topic)
      await sendAll(context, context.peer, topic, numbers(3))
      await context.eventually(Promise.all([shared.until(3), ordinary.until(3)]))
      await context.settle()
      expectEqual(textsOf(ordinary.deliveries), numbers(3), 'the payloads for the ordinary filter')
      expectEqual(textsOf(shared.deliveries), numbers(3), 'the payloads for the shared filter')
    },
  },
  {
    name: 'unsubscribes at the broker after the last subscriber has unsubscribed',
    needs: ['no-subscribers'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const subscriptions = [
        await subscribeAndWait(context, link, topic),
        await subscribeAndWait(context, link, topic),
      ]
      subscriptions[0]?.unsubscribe()
      await context.settle()
      expectEqual(
        (await send(context, context.peer, outgoing(topic, 'x'))).reasonCode,
        0,
        'the acknowledgement while one subscriber is left',
      )
      subscriptions[1]?.unsubscribe()
      await context.settle()
      expectEqual(
        (await send(context, context.peer, outgoing(topic, 'y'))).reasonCode,
        0x10,
        'the acknowledgement after the last unsubscribed',
      )
    },
  },
  {
    name: 'delivers to a subscriber that subscribes while an UNSUBSCRIBE is in flight',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      let current = await subscribeAndWait(context, link, topic)
      for (const text of numbers(10)) {
        current.unsubscribe()
        current = recordSubscription(link, topic)
        await context.eventually(current.windows.until(1))
        await send(context, context.peer, outgoing(topic, text))
        await context.eventually(current.until(1))
        expectEqual(textsOf(current.deliveries), [text], `the payloads in round ${text}`)
      }
      for (let toggle = 0; toggle < 20; toggle++) {
        current.unsubscribe()
        current = recordSubscription(link, topic)
        await Promise.resolve()
      }
      await context.eventually(current.windows.until(1))
      await send(context, context.peer, outgoing(topic, 'last'))
      await context.eventually(current.until(1))
      await context.settle()
      expectEqual(textsOf(current.deliveries), ['last'], 'the payloads after the last round')
    },
  },
  {
    name: 'leaves no subscription when the subscriber unsubscribes before SUBACK',
    needs: ['no-subscribers'],
    run: async (context) => {
      const link = context.link()
      await waitUntilOnline(context, link)
      const topic = context.topic('a')
      const subscription = recordSubscription(link, topic)
      subscription.unsubscribe()
      await context.settle()
      await context.settle()
      expectEqual(
        (await send(context, context.peer, outgoing(topic, 'x'))).reasonCode,
        0x10,
        'the acknowledgement',
      )
      expectEqual(subscription.windows.values.length, 0, 'the number of windows')
    },
  },
)
