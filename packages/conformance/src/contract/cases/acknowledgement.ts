import type { Link } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import {
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
  type Scene,
  type WatchedSubscription,
} from '../scene.js'
import { watch } from '../watch.js'

/** What comes again when the connection is cut now. */
async function redelivered(
  scene: Scene,
  link: Link,
  subscription: WatchedSubscription,
  expected: readonly string[],
  when: string,
): Promise<void> {
  const before = subscription.deliveries.length
  await scene.cut(link)
  await scene.restore(link)
  await online(scene, link)
  await scene.eventually(subscription.until(before + expected.length))
  await scene.settle()
  const again = subscription.deliveries.slice(before)
  expectEqual(textsOf(again), expected, `what came again ${when}`)
  expectThat(
    again.every(({ message }) => message.dup),
    'what came again to be marked as a duplicate',
  )
}

/** What acknowledging promises. */
export const acknowledgementCases: readonly CaseDefinition[] = casesOf(
  'acknowledging',
  {
    name: 'acknowledgements leave in the order of receipt, whatever the order of the calls',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      await sendAll(scene, scene.peer, topic, numbers(4))
      const [first, second, third] = await scene.eventually(subscription.until(4))
      third?.acknowledge()
      second?.acknowledge()
      await scene.settle()
      await redelivered(scene, link, subscription, numbers(4), 'while the first was not acknowledged')
      first?.acknowledge()
      await scene.settle()
      await redelivered(scene, link, subscription, numbers(4), 'after a stale acknowledgement')
      const [again, , late] = subscription.deliveries.slice(-4)
      late?.acknowledge()
      again?.acknowledge()
      await scene.settle()
      await redelivered(scene, link, subscription, ['2', '3', '4'], 'after the first was acknowledged')
      for (const delivery of subscription.deliveries.slice(-3).reverse()) delivery.acknowledge()
      await scene.settle()
      await redelivered(scene, link, subscription, [], 'after all were acknowledged')
    },
  },
  {
    name: 'acknowledging twice is acknowledging once',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      await sendAll(scene, scene.peer, topic, numbers(2))
      const [first] = await scene.eventually(subscription.until(2))
      first?.acknowledge()
      first?.acknowledge()
      await scene.settle()
      await redelivered(scene, link, subscription, ['2'], 'after one was acknowledged twice')
    },
  },
  {
    name: 'messages$ acknowledges once its subscriber returned',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const messages = watch(link.messages$(topic, { qos: 2 }))
      const grant = await subscribed(scene, link, topic, { qos: 2 })
      grant.unsubscribe()
      await sendAll(scene, scene.peer, topic, numbers(3))
      await send(scene, scene.peer, outgoing(topic, 'twice over', { qos: 2 }))
      await scene.eventually(messages.until(4))
      await scene.settle()
      await scene.cut(link)
      await scene.restore(link)
      await online(scene, link)
      await scene.settle()
      expectEqual(textsOf(messages.values), [...numbers(3), 'twice over'], 'what came over both connections')
    },
  },
  {
    name: 'a message is acknowledged when all its subscribers have done so',
    needs: ['cut', 'overlap'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const careful = await subscribed(scene, link, topic)
      const overlapping = await subscribed(scene, link, scene.topic('+'))
      const quick = watch(link.messages$(topic))
      await sendAll(scene, scene.peer, topic, numbers(2))
      await scene.eventually(quick.until(2))
      await scene.eventually(careful.until(2))
      await scene.eventually(overlapping.until(2))
      for (const delivery of overlapping.deliveries) delivery.acknowledge()
      careful.deliveries[0]?.acknowledge()
      await scene.settle()
      await redelivered(scene, link, careful, ['2'], 'while one subscriber had not acknowledged it')
    },
  },
  {
    name: 'deliveries in the hands of who stopped listening come again on another connection',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const leaving = await subscribed(scene, link, topic)
      await sendAll(scene, scene.peer, topic, numbers(2))
      await scene.eventually(leaving.until(2))
      leaving.turnAway()
      const staying = watchSubscription(link, topic)
      await sendAll(scene, scene.peer, topic, ['3'])
      await scene.eventually(staying.until(1))
      staying.deliveries[0]?.acknowledge()
      await scene.settle()
      await redelivered(scene, link, staying, numbers(2), 'of what the one that left had in hand')
    },
  },
  {
    name: 'one unacknowledged message does not hold up the delivery of the next',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      await sendAll(scene, scene.peer, topic, numbers(15))
      await scene.eventually(subscription.until(15))
      expectEqual(textsOf(subscription.deliveries), numbers(15), 'what came')
    },
  },
)
