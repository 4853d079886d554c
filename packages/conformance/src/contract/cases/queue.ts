import { expectEqual } from '@antiphon/testing/internal'
import {
  expectFailure,
  numbers,
  online,
  outgoing,
  send,
  subscribed,
  textsOf,
  casesOf,
  type CaseDefinition,
} from '../scene.js'
import { watch } from '../watch.js'

/** What `publish$` promises while offline. */
export const queueCases: readonly CaseDefinition[] = casesOf(
  'queueing',
  {
    name: 'what is published before the link is up waits for it',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      const acks = numbers(3).map((text) => watch(link.publish$(outgoing(topic, text))))
      for (const ack of acks) await scene.eventually(ack.until(1))
      await scene.eventually(heard.until(3))
      expectEqual(textsOf(heard.deliveries), numbers(3), 'what came')
    },
  },
  {
    name: 'what is published offline is queued and leaves in order',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      await online(scene, link)
      await scene.cut(link)
      const acks = numbers(50).map((text) => watch(link.publish$(outgoing(topic, text))))
      expectEqual(acks.filter((ack) => ack.ending() !== undefined).length, 0, 'what has ended while offline')
      await scene.restore(link)
      for (const ack of acks) await scene.eventually(ack.until(1))
      await scene.eventually(heard.until(50))
      await scene.settle()
      expectEqual(textsOf(heard.deliveries), numbers(50), 'what came')
    },
  },
  {
    name: 'subscriptions stand again before what was queued leaves',
    needs: ['cut', 'lose-session'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const own = await subscribed(scene, link, topic)
      await scene.cut(link)
      const ack = watch(link.publish$(outgoing(topic, 'to myself')))
      await scene.loseSession(link)
      await scene.restore(link)
      await scene.eventually(ack.until(1))
      await scene.eventually(own.until(1))
      expectEqual(textsOf(own.deliveries), ['to myself'], 'what came')
    },
  },
  {
    name: 'the queue is bounded: one too many fails with overflow, and is told as an incident',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true, queuedMessages: 3 })
      const incidents = watch(link.incidents$)
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      await online(scene, link)
      await scene.cut(link)
      const acks = numbers(3).map((text) => watch(link.publish$(outgoing(topic, text))))
      const tooMany = watch(link.publish$(outgoing(topic, 'too many')))
      expectEqual(expectFailure(tooMany.ending(), 'overflow').phase, 'before-network', 'its phase')
      expectEqual(
        incidents.values.map(({ kind, message }) => [kind, message?.topic]),
        [['dropped', topic]],
        'the incidents',
      )
      await scene.restore(link)
      for (const ack of acks) await scene.eventually(ack.until(1))
      await scene.eventually(heard.until(3))
      await send(scene, link, outgoing(topic, 'room again'))
      await scene.eventually(heard.until(4))
      expectEqual(textsOf(heard.deliveries), [...numbers(3), 'room again'], 'what came')
    },
  },
  {
    name: 'a queued message whose expiry runs out fails with expired, and never leaves',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      await online(scene, link)
      await scene.cut(link)
      const short = watch(link.publish$(outgoing(topic, 'short', { messageExpiryInterval: 1 })))
      const long = watch(link.publish$(outgoing(topic, 'long', { messageExpiryInterval: 600 })))
      const error = expectFailure(await scene.eventually(short.ended()), 'expired')
      expectEqual(error.phase, 'before-network', 'its phase')
      await scene.restore(link)
      await scene.eventually(long.until(1))
      await scene.eventually(heard.until(1))
      expectEqual(textsOf(heard.deliveries), ['long'], 'what came')
    },
  },
  {
    name: 'who unsubscribes from a queued publish takes it out of the queue',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true, queuedMessages: 2 })
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      await online(scene, link)
      await scene.cut(link)
      const [first, second] = ['1', '2'].map((text) => watch(link.publish$(outgoing(topic, text))))
      first?.unsubscribe()
      const third = watch(link.publish$(outgoing(topic, '3')))
      await scene.restore(link)
      for (const ack of [second, third]) if (ack !== undefined) await scene.eventually(ack.until(1))
      await scene.eventually(heard.until(2))
      await scene.settle()
      expectEqual(textsOf(heard.deliveries), ['2', '3'], 'what came')
    },
  },
)
