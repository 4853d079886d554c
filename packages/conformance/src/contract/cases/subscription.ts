import { expectEqual, expectThat } from '@antiphon/testing/internal'
import {
  expectFailure,
  numbers,
  online,
  outgoing,
  send,
  sendAll,
  subscribed,
  textsOf,
  watchSubscription,
  casesOf,
  type CaseDefinition,
} from '../scene.js'
import { watch } from '../watch.js'

const badFilters = [
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

/** What `subscription$` and `messages$` promise of subscribing and leaving. */
export const subscriptionCases: readonly CaseDefinition[] = casesOf(
  'subscribing',
  {
    name: 'a window comes only after the grant: what is published upon it arrives',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const subscription = watchSubscription(link, topic, { qos: 2 })
      const [window] = await scene.eventually(subscription.windows.until(1))
      expectEqual(window?.filter, topic, 'the filter of the window')
      expectEqual(window?.grantedQoS, 2, 'the QoS it was granted')
      await send(scene, scene.peer, outgoing(topic, 'at once'))
      await scene.eventually(subscription.until(1))
      expectEqual(textsOf(subscription.deliveries), ['at once'], 'what arrived')
    },
  },
  {
    name: 'subscribers of one filter share one SUBSCRIBE, and the last to leave sends one UNSUBSCRIBE',
    needs: ['count-packets'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      await online(scene, link)
      const early = [1, 2, 3].map(() => watchSubscription(link, topic))
      for (const one of early) await scene.eventually(one.windows.until(1))
      const late = await subscribed(scene, link, topic)
      const messages = watch(link.messages$(topic))
      await scene.settle()
      expectEqual(
        await scene.packets(topic),
        { subscribe: 1, unsubscribe: 0 },
        'the packets for five subscribers',
      )
      await send(scene, scene.peer, outgoing(topic, 'x'))
      for (const one of [...early, late]) await scene.eventually(one.until(1))
      await scene.settle()
      expectEqual(
        [...early, late].map(({ deliveries }) => deliveries.length),
        [1, 1, 1, 1],
        'the deliveries of each',
      )
      expectEqual(textsOf(messages.values), ['x'], 'the messages of the fifth')
      for (const one of early) one.unsubscribe()
      messages.unsubscribe()
      await scene.settle()
      expectEqual(
        await scene.packets(topic),
        { subscribe: 1, unsubscribe: 0 },
        'the packets while one is left',
      )
      late.unsubscribe()
      await scene.settle()
      expectEqual(
        await scene.packets(topic),
        { subscribe: 1, unsubscribe: 1 },
        'the packets when all have left',
      )
    },
  },
  {
    name: 'a late subscriber joins the open window within its subscribe call',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const early = await subscribed(scene, link, topic)
      const late = watchSubscription(link, topic)
      expectThat(late.windows.values[0] === early.windows.values[0], 'the very same window, at once')
    },
  },
  {
    name: 'a late subscriber gets the retained messages, and nobody gets them twice',
    run: async (scene) => {
      const link = scene.link()
      const filter = scene.topic('+')
      await send(scene, scene.peer, outgoing(scene.topic('a'), 'A', { retain: true }))
      await send(scene, scene.peer, outgoing(scene.topic('b'), 'B', { retain: true }))
      try {
        const early = watch(link.messages$(filter))
        await scene.eventually(early.until(2))
        await send(scene, scene.peer, outgoing(scene.topic('b'), 'B2', { retain: true }))
        await scene.eventually(early.until(3))
        const late = watch(link.messages$(filter))
        await scene.eventually(late.until(2))
        await scene.settle()
        expectEqual([...textsOf(late.values)].sort(), ['A', 'B2'], 'what the late subscriber was told')
        expectEqual(
          late.values.map(({ retain }) => retain),
          [true, true],
          'the retain flags it saw',
        )
        expectEqual([...textsOf(early.values)].sort(), ['A', 'B', 'B2'], 'what the early subscriber was told')
      } finally {
        for (const name of ['a', 'b'])
          await send(scene, scene.peer, outgoing(scene.topic(name), '', { retain: true }))
      }
    },
  },
  {
    name: 'a refused filter fails with the reason, alone',
    needs: ['refuse-subscribe'],
    run: async (scene) => {
      const link = scene.link()
      const [bad, good] = [scene.topic('bad'), scene.topic('good')]
      await scene.refuseSubscribe(bad, 0x87)
      const refused = watchSubscription(link, bad)
      const messages = watch(link.messages$(bad))
      const granted = await subscribed(scene, link, good)
      const error = expectFailure(await scene.eventually(refused.windows.ended()), 'subscribe-refused')
      expectFailure(await scene.eventually(messages.ended()), 'subscribe-refused')
      expectThat((error.reasonCode ?? 0) >= 0x80, 'a reason code of 0x80 or above')
      expectEqual(error.topic, bad, 'the filter it names')
      expectEqual(refused.windows.values.length, 0, 'the windows of a refused filter')
      await send(scene, scene.peer, outgoing(good, 'x'))
      await scene.eventually(granted.until(1))
    },
  },
  {
    name: 'an unfit filter fails before any packet, and so does No Local on a shared one',
    run: async (scene) => {
      const link = scene.link()
      for (const filter of badFilters) {
        expectFailure(watch(link.messages$(filter)).ending(), 'invalid-argument')
        expectFailure(watch(link.subscription$(filter)).ending(), 'invalid-argument')
      }
      expectFailure(watch(link.messages$('$share/g/a', { noLocal: true })).ending(), 'invalid-argument')
      await subscribed(scene, link, scene.topic('a'))
    },
  },
  {
    name: 'overlapping subscriptions get a message once each',
    needs: ['overlap'],
    run: async (scene) => {
      const link = scene.link()
      const filters = ['a/#', 'a/+', 'a/b', '+/b', 'a/b/#'].map(scene.topic)
      const subscriptions = filters.map((filter, index) =>
        watchSubscription(link, filter, { qos: index % 2 === 0 ? 1 : 2 }),
      )
      const other = await subscribed(scene, link, scene.topic('a/c'))
      for (const one of subscriptions) await scene.eventually(one.windows.until(1))
      await sendAll(scene, scene.peer, scene.topic('a/b'), numbers(5))
      for (const one of subscriptions) await scene.eventually(one.until(5))
      await scene.settle()
      for (const [index, one] of subscriptions.entries())
        expectEqual(textsOf(one.deliveries), numbers(5), `what came for ${String(filters[index])}`)
      expectEqual(other.deliveries.length, 0, 'what came for a filter that does not match')
    },
  },
  {
    name: 'a subscription that overlaps an earlier one opens without disturbing it',
    needs: ['overlap'],
    run: async (scene) => {
      const link = scene.link()
      const wide = await subscribed(scene, link, scene.topic('#'))
      const narrow = await subscribed(scene, link, scene.topic('a'))
      await send(scene, scene.peer, outgoing(scene.topic('a'), '1'))
      await scene.eventually(narrow.until(1))
      narrow.unsubscribe()
      await scene.settle()
      await send(scene, scene.peer, outgoing(scene.topic('a'), '2'))
      await scene.eventually(wide.until(2))
      await scene.settle()
      expectEqual(textsOf(wide.deliveries), ['1', '2'], 'what came for the wide filter')
      expectEqual(textsOf(narrow.deliveries), ['1'], 'what came for the narrow filter')
    },
  },
  {
    name: 'No Local leaves out what the link itself publishes',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic, { noLocal: true })
      await send(scene, link, outgoing(topic, 'mine'))
      await send(scene, scene.peer, outgoing(topic, 'theirs'))
      await scene.eventually(subscription.until(1))
      await scene.settle()
      expectEqual(textsOf(subscription.deliveries), ['theirs'], 'what came')
    },
  },
  {
    name: 'members of a shared group get every message once between them, beside an ordinary subscription',
    needs: ['shared'],
    run: async (scene) => {
      const topic = scene.topic('a')
      const [first, second, single] = [scene.link(), scene.link(), scene.link()]
      const members = [
        await subscribed(scene, first, `$share/group/${topic}`),
        await subscribed(scene, second, `$share/group/${topic}`),
      ]
      const ordinary = await subscribed(scene, single, topic)
      await sendAll(scene, scene.peer, topic, numbers(10))
      await scene.eventually(ordinary.until(10))
      await scene.settle()
      const shared = members.flatMap(({ deliveries }) => textsOf(deliveries))
      expectEqual(shared.sort(), [...numbers(10)].sort(), 'what the group got')
      for (const { deliveries } of members) expectThat(deliveries.length > 0, 'a share for each member')
    },
  },
  {
    name: 'a link may hold a shared filter and the same filter unshared',
    needs: ['shared', 'identifiers'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const shared = await subscribed(scene, link, `$share/group/${topic}`)
      const ordinary = await subscribed(scene, link, topic)
      await sendAll(scene, scene.peer, topic, numbers(3))
      await scene.eventually(Promise.all([shared.until(3), ordinary.until(3)]))
      await scene.settle()
      expectEqual(textsOf(ordinary.deliveries), numbers(3), 'what came for the ordinary filter')
      expectEqual(textsOf(shared.deliveries), numbers(3), 'what came for the shared filter')
    },
  },
  {
    name: 'nobody is subscribed after the last has left',
    needs: ['no-subscribers'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const two = [await subscribed(scene, link, topic), await subscribed(scene, link, topic)]
      two[0]?.unsubscribe()
      await scene.settle()
      expectEqual(
        (await send(scene, scene.peer, outgoing(topic, 'x'))).reasonCode,
        0,
        'the acknowledgement while one is left',
      )
      two[1]?.unsubscribe()
      await scene.settle()
      expectEqual(
        (await send(scene, scene.peer, outgoing(topic, 'y'))).reasonCode,
        0x10,
        'the acknowledgement afterwards',
      )
    },
  },
  {
    name: 'who comes back while the UNSUBSCRIBE is under way is not deaf',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      let current = await subscribed(scene, link, topic)
      for (const text of numbers(10)) {
        current.unsubscribe()
        current = watchSubscription(link, topic)
        await scene.eventually(current.windows.until(1))
        await send(scene, scene.peer, outgoing(topic, text))
        await scene.eventually(current.until(1))
        expectEqual(textsOf(current.deliveries), [text], `what came in round ${text}`)
      }
      for (let toggle = 0; toggle < 20; toggle++) {
        current.unsubscribe()
        current = watchSubscription(link, topic)
        await Promise.resolve()
      }
      await scene.eventually(current.windows.until(1))
      await send(scene, scene.peer, outgoing(topic, 'after all'))
      await scene.eventually(current.until(1))
      await scene.settle()
      expectEqual(textsOf(current.deliveries), ['after all'], 'what came in the end')
    },
  },
  {
    name: 'who leaves before the grant leaves nothing behind',
    needs: ['no-subscribers'],
    run: async (scene) => {
      const link = scene.link()
      await online(scene, link)
      const topic = scene.topic('a')
      const subscription = watchSubscription(link, topic)
      subscription.unsubscribe()
      await scene.settle()
      await scene.settle()
      expectEqual(
        (await send(scene, scene.peer, outgoing(topic, 'x'))).reasonCode,
        0x10,
        'the acknowledgement',
      )
      expectEqual(subscription.windows.values.length, 0, 'the windows it saw')
    },
  },
)
