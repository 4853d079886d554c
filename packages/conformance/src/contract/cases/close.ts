import { expectEqual, expectThat } from '@antiphon/testing/internal'
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

/** What `close` promises. */
export const closeCases: readonly CaseDefinition[] = casesOf(
  'closing',
  {
    name: 'close ends every stream in order, and says so on state$',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const states = watch(link.state$)
      const incidents = watch(link.incidents$)
      const messages = watch(link.messages$(topic))
      const subscription = await subscribed(scene, link, topic)
      await scene.eventually(link.close())
      expectEqual(states.values.at(-1), { status: 'closed' }, 'the last state')
      expectEqual(states.ending(), 'complete', 'how state$ ended')
      expectEqual(incidents.ending(), 'complete', 'how incidents$ ended')
      expectEqual(messages.ending(), 'complete', 'how messages$ ended')
      expectEqual(subscription.windows.ending(), 'complete', 'how subscription$ ended')
      expectEqual(subscription.closed(), 1, 'the number of closed windows')
    },
  },
  {
    name: 'a closed link stays closed, and says so to whoever comes later',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      await online(scene, link)
      await scene.eventually(link.close())
      await scene.eventually(link.close())
      const states = watch(link.state$)
      expectEqual(states.values, [{ status: 'closed' }], 'the states a late subscriber sees')
      expectEqual(states.ending(), 'complete', 'how state$ ended')
      expectEqual(watch(link.incidents$).ending(), 'complete', 'how incidents$ ended')
      expectEqual(watch(link.messages$(topic)).ending(), 'complete', 'how messages$ ended')
      expectEqual(watch(link.subscription$(topic)).ending(), 'complete', 'how subscription$ ended')
      expectFailure(watch(link.publish$(outgoing(topic, 'x'))).ending(), 'link-closed')
    },
  },
  {
    name: 'a link that was never opened can be closed',
    run: async (scene) => {
      const link = scene.link()
      await scene.eventually(link.close())
      const states = watch(link.state$)
      expectEqual(states.values, [{ status: 'closed' }], 'the states')
      expectEqual(states.ending(), 'complete', 'how state$ ended')
    },
  },
  {
    name: 'close sends what was published before it',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      await online(scene, link)
      const acks = numbers(30).map((text) => watch(link.publish$(outgoing(topic, text))))
      await scene.eventually(link.close())
      await scene.eventually(heard.until(30))
      expectEqual(textsOf(heard.deliveries), numbers(30), 'what came')
      expectEqual(
        acks.filter((ack) => ack.ending() === 'complete').length,
        30,
        'the publishes that completed',
      )
    },
  },
  {
    name: 'close ends what cannot be sent with link-closed',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      await online(scene, link)
      await scene.cut(link)
      const queued = watch(link.publish$(outgoing(scene.topic('a'), 'x')))
      await scene.eventually(link.close())
      expectFailure(queued.ending(), 'link-closed')
    },
  },
  {
    name: 'close may be called while connecting',
    run: async (scene) => {
      const link = scene.link()
      const states = watch(link.state$)
      await scene.eventually(states.until(1))
      await scene.eventually(link.close())
      expectEqual(states.values.at(-1), { status: 'closed' }, 'the last state')
    },
  },
  {
    name: 'close may be called inside a handler',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const ready = await subscribed(scene, link, topic)
      let closed: Promise<void> | undefined
      const messages = watch(link.messages$(topic), () => {
        closed ??= link.close()
      })
      await send(scene, scene.peer, outgoing(topic, 'x'))
      await scene.eventually(messages.ended())
      expectThat(closed !== undefined, 'the handler to have run')
      await scene.eventually(closed)
      expectEqual(ready.windows.ending(), 'complete', 'how the other subscription ended')
    },
  },
  {
    name: 'a closed link takes its subscriptions with it',
    needs: ['no-subscribers'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      await subscribed(scene, link, topic)
      await scene.eventually(link.close())
      await scene.settle()
      expectEqual(
        (await send(scene, scene.peer, outgoing(topic, 'x'))).reasonCode,
        0x10,
        'the acknowledgement',
      )
    },
  },
  {
    name: 'nothing is left of a closed link: no timer, no socket, no connection at the broker',
    needs: ['leftovers'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      const messages = watch(link.messages$(scene.topic('+')))
      await send(scene, link, outgoing(topic, 'x', { messageExpiryInterval: 60 }))
      await scene.eventually(subscription.until(1))
      await scene.eventually(messages.until(1))
      await scene.eventually(link.close())
      expectEqual(await scene.leftovers(link), [], 'what is left')
    },
  },
  {
    name: 'nothing is left of a link closed while offline',
    needs: ['leftovers', 'cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      await subscribed(scene, link, scene.topic('a'))
      await scene.cut(link)
      watch(link.publish$(outgoing(scene.topic('a'), 'x', { messageExpiryInterval: 60 })))
      await scene.eventually(link.close())
      expectEqual(await scene.leftovers(link), [], 'what is left')
    },
  },
)
