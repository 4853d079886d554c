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
} from '../case-context.js'
import { recordStream } from '../record-stream.js'

/** The cases of windows over lost connections and lost sessions. */
export const windowCases: readonly CaseDefinition[] = casesOf(
  'windows',
  {
    name: 'keeps the window open over a resumed session and delivers the messages published meanwhile in order',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      await context.cut(link)
      await sendAll(context, context.peer, topic, numbers(5))
      await context.restore(link)
      await waitUntilOnline(context, link)
      await context.eventually(subscription.until(5))
      await context.settle()
      expectEqual(textsOf(subscription.deliveries), numbers(5), 'the received payloads')
      expectEqual(subscription.windows.values.length, 1, 'the number of windows')
      expectEqual(subscription.closedWindows(), 0, 'the number of closed windows')
    },
  },
  {
    name: 'sends no second SUBSCRIBE after a resumed session',
    needs: ['cut', 'count-packets'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      await subscribeAndWait(context, link, topic)
      await context.cut(link)
      await context.restore(link)
      await waitUntilOnline(context, link)
      await context.settle()
      expectEqual(
        await context.packets(topic),
        { subscribe: 1, unsubscribe: 0 },
        'the packets of both connections',
      )
    },
  },
  {
    name: 'closes the window and opens a new one after a lost session',
    needs: ['cut', 'lose-session'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      const messages = recordStream(link.messages$(topic))
      await context.cut(link)
      await context.loseSession(link)
      await context.restore(link)
      await context.eventually(subscription.windows.until(2))
      expectEqual(subscription.closedWindows(), 1, 'the number of closed windows')
      expectThat(subscription.windows.values[0] !== subscription.windows.values[1], 'expected a new window')
      await send(context, context.peer, outgoing(topic, 'x'))
      await context.eventually(subscription.until(1))
      await context.eventually(messages.until(1))
      await context.settle()
      expectEqual(textsOf(subscription.deliveries), ['x'], 'the received payloads')
      expectEqual(textsOf(messages.values), ['x'], 'the messages over both windows')
    },
  },
  {
    name: 'subscribes to every filter again after a lost session',
    needs: ['cut', 'lose-session'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topics = numbers(20).map(context.topic)
      const subscriptions = topics.map((topic) => recordSubscription(link, topic))
      for (const subscription of subscriptions) await context.eventually(subscription.windows.until(1))
      await context.cut(link)
      await context.loseSession(link)
      await context.restore(link)
      for (const subscription of subscriptions) await context.eventually(subscription.windows.until(2))
      for (const topic of topics) await send(context, context.peer, outgoing(topic, topic))
      for (const subscription of subscriptions) await context.eventually(subscription.until(1))
    },
  },
  {
    name: 'closes the window with the connection of a clean session and opens a new one',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      await context.cut(link)
      await context.restore(link)
      await context.eventually(subscription.windows.until(2))
      expectEqual(subscription.closedWindows(), 1, 'the number of closed windows')
      await send(context, context.peer, outgoing(topic, 'x'))
      await context.eventually(subscription.until(1))
    },
  },
  {
    name: 'reconnects and subscribes again after a broker restart',
    needs: ['restart'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      for (let round = 1; round <= 3; round++) {
        await context.restart()
        await context.eventually(subscription.windows.until(round + 1))
        await waitUntilOnline(context, context.peer)
        await send(context, context.peer, outgoing(topic, `${round}`))
        await context.eventually(subscription.until(round))
      }
      expectEqual(textsOf(subscription.deliveries), numbers(3), 'the received payloads')
    },
  },
  {
    name: 'subscribes on the next connection to a filter requested while offline',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      await waitUntilOnline(context, link)
      await context.cut(link)
      const topic = context.topic('a')
      const subscription = recordSubscription(link, topic)
      await context.restore(link)
      await context.eventually(subscription.windows.until(1))
      await send(context, context.peer, outgoing(topic, 'x'))
      await context.eventually(subscription.until(1))
    },
  },
  {
    name: 'unsubscribes on the next connection from a filter released while offline',
    needs: ['cut', 'no-subscribers'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      await context.cut(link)
      subscription.unsubscribe()
      await context.restore(link)
      await waitUntilOnline(context, link)
      await context.settle()
      expectEqual(
        (await send(context, context.peer, outgoing(topic, 'x'))).reasonCode,
        0x10,
        'the acknowledgement',
      )
    },
  },
)
