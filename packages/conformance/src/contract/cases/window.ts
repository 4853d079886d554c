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
} from '../scene.js'
import { watch } from '../watch.js'

/** What windows promise over lost connections and lost sessions. */
export const windowCases: readonly CaseDefinition[] = casesOf(
  'windows',
  {
    name: 'a resumed session keeps the window open, and brings what was published meanwhile, in order',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      await scene.cut(link)
      await sendAll(scene, scene.peer, topic, numbers(5))
      await scene.restore(link)
      await online(scene, link)
      await scene.eventually(subscription.until(5))
      await scene.settle()
      expectEqual(textsOf(subscription.deliveries), numbers(5), 'what came')
      expectEqual(subscription.windows.values.length, 1, 'the number of windows')
      expectEqual(subscription.closed(), 0, 'the number of closed windows')
    },
  },
  {
    name: 'a resumed session is not subscribed to again',
    needs: ['cut', 'count-packets'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      await subscribed(scene, link, topic)
      await scene.cut(link)
      await scene.restore(link)
      await online(scene, link)
      await scene.settle()
      expectEqual(
        await scene.packets(topic),
        { subscribe: 1, unsubscribe: 0 },
        'the packets of both connections',
      )
    },
  },
  {
    name: 'a lost session closes the window and opens a new one',
    needs: ['cut', 'lose-session'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      const messages = watch(link.messages$(topic))
      await scene.cut(link)
      await scene.loseSession(link)
      await scene.restore(link)
      await scene.eventually(subscription.windows.until(2))
      expectEqual(subscription.closed(), 1, 'the number of closed windows')
      expectThat(subscription.windows.values[0] !== subscription.windows.values[1], 'a window of its own')
      await send(scene, scene.peer, outgoing(topic, 'x'))
      await scene.eventually(subscription.until(1))
      await scene.eventually(messages.until(1))
      await scene.settle()
      expectEqual(textsOf(subscription.deliveries), ['x'], 'what came')
      expectEqual(textsOf(messages.values), ['x'], 'the messages over both windows')
    },
  },
  {
    name: 'a lost session is subscribed to again for every filter',
    needs: ['cut', 'lose-session'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topics = numbers(20).map(scene.topic)
      const subscriptions = topics.map((topic) => watchSubscription(link, topic))
      for (const one of subscriptions) await scene.eventually(one.windows.until(1))
      await scene.cut(link)
      await scene.loseSession(link)
      await scene.restore(link)
      for (const one of subscriptions) await scene.eventually(one.windows.until(2))
      for (const topic of topics) await send(scene, scene.peer, outgoing(topic, topic))
      for (const one of subscriptions) await scene.eventually(one.until(1))
    },
  },
  {
    name: 'a clean link loses its windows with the connection, and gets new ones',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      await scene.cut(link)
      await scene.restore(link)
      await scene.eventually(subscription.windows.until(2))
      expectEqual(subscription.closed(), 1, 'the number of closed windows')
      await send(scene, scene.peer, outgoing(topic, 'x'))
      await scene.eventually(subscription.until(1))
    },
  },
  {
    name: 'a restarted broker finds the link and its subscriptions back',
    needs: ['restart'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      for (let round = 1; round <= 3; round++) {
        await scene.restart()
        await scene.eventually(subscription.windows.until(round + 1))
        await online(scene, scene.peer)
        await send(scene, scene.peer, outgoing(topic, `${round}`))
        await scene.eventually(subscription.until(round))
      }
      expectEqual(textsOf(subscription.deliveries), numbers(3), 'what came')
    },
  },
  {
    name: 'a subscription made while offline is granted with the next connection',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      await online(scene, link)
      await scene.cut(link)
      const topic = scene.topic('a')
      const subscription = watchSubscription(link, topic)
      await scene.restore(link)
      await scene.eventually(subscription.windows.until(1))
      await send(scene, scene.peer, outgoing(topic, 'x'))
      await scene.eventually(subscription.until(1))
    },
  },
  {
    name: 'a subscription left while offline is gone with the next connection',
    needs: ['cut', 'no-subscribers'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      await scene.cut(link)
      subscription.unsubscribe()
      await scene.restore(link)
      await online(scene, link)
      await scene.settle()
      expectEqual(
        (await send(scene, scene.peer, outgoing(topic, 'x'))).reasonCode,
        0x10,
        'the acknowledgement',
      )
    },
  },
)
