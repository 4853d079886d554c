import type { Delivery, Message } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { Subscriber, config } from 'rxjs'
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

/** A subscriber whose `next` throws into whoever calls it, as hand-written operators can. */
class Thrower<T> extends Subscriber<T> {
  override next(): void {
    throw new Error('thrown by a subscriber')
  }
}

/** What the port promises when something else fails. */
export const robustnessCases: readonly CaseDefinition[] = casesOf(
  'robustness',
  {
    name: 'a subscriber that throws into the link is told as an incident, and nobody else is disturbed',
    run: async (scene) => {
      const link = scene.link()
      const incidents = watch(link.incidents$)
      const topic = scene.topic('a')
      const before = await subscribed(scene, link, topic)
      watch(link.subscription$(topic), ({ deliveries$ }) => {
        deliveries$.subscribe(new Thrower<Delivery>())
      })
      const after = await subscribed(scene, link, topic)
      await sendAll(scene, scene.peer, topic, numbers(3))
      await scene.eventually(Promise.all([before.until(3), after.until(3)]))
      await scene.eventually(incidents.until(3))
      const [incident] = incidents.values
      expectThat(
        incident?.kind === 'subscriber-threw',
        `an incident 'subscriber-threw', not ${String(incident?.kind)}`,
      )
      expectEqual(incident.error.message, 'thrown by a subscriber', 'what was thrown')
      expectEqual(incident.message.topic, topic, 'the topic of the message')
    },
  },
  {
    name: 'a handler that throws is reported as RxJS reports it, and nobody else is disturbed',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const { onUnhandledError } = config
      const seen: unknown[] = []
      let told: () => void = () => undefined
      const allTold = new Promise<void>((resolve) => {
        told = resolve
      })
      config.onUnhandledError = (error) => {
        seen.push(error)
        if (seen.length === 2) told()
      }
      try {
        link.messages$(topic).subscribe(() => {
          throw new Error('thrown by a handler')
        })
        const good = watch(link.messages$(topic))
        await subscribed(scene, link, topic)
        await sendAll(scene, scene.peer, topic, numbers(2))
        await scene.eventually(good.until(2))
        await scene.eventually(allTold)
        expectEqual(textsOf(good.values), numbers(2), 'what came')
        expectEqual(seen.map(String), Array(2).fill('Error: thrown by a handler'), 'what was reported')
      } finally {
        config.onUnhandledError = onUnhandledError
      }
    },
  },
  {
    name: 'something malformed is told as an incident, and the stream lives on',
    needs: ['send-malformed'],
    run: async (scene) => {
      const link = scene.link()
      const incidents = watch(link.incidents$)
      const topic = scene.topic('a')
      const subscription = await subscribed(scene, link, topic)
      await scene.sendMalformed(link, topic)
      await scene.eventually(incidents.until(1))
      expectEqual(incidents.values[0]?.kind, 'malformed', 'the incident')
      await online(scene, link)
      await scene.eventually(subscription.windows.until(1))
      await send(scene, scene.peer, outgoing(topic, 'well-formed'))
      await scene.eventually(subscription.until(1))
      expectEqual(textsOf(subscription.deliveries), ['well-formed'], 'what came')
    },
  },
  {
    name: 'subscribing, leaving and publishing inside a handler is safe',
    run: async (scene) => {
      const link = scene.link()
      const [first, second] = [scene.topic('first'), scene.topic('second')]
      const opened = await subscribed(scene, link, first)
      const heard: Message[] = []
      const handler = watch(link.messages$(first), (message) => {
        heard.push(message)
        handler.unsubscribe()
        const inner = watch(link.messages$(second), (reply) => {
          heard.push(reply)
          inner.unsubscribe()
        })
        watch(link.subscription$(second), () => {
          watch(link.publish$(outgoing(second, 'from inside')))
        })
      })
      const other = watchSubscription(link, first)
      await sendAll(scene, scene.peer, first, numbers(2))
      await scene.eventually(Promise.all([opened.until(2), other.until(2)]))
      const answer = await subscribed(scene, link, second)
      await scene.settle()
      expectEqual(textsOf(heard), ['1', 'from inside'], 'what the handlers heard')
      answer.unsubscribe()
    },
  },
  {
    name: 'a burst arrives whole and in order',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const messages = watch(link.messages$(topic))
      const ready = await subscribed(scene, link, topic)
      ready.unsubscribe()
      await sendAll(scene, scene.peer, topic, numbers(1_000))
      await scene.eventually(messages.until(1_000))
      await scene.settle()
      expectEqual(textsOf(messages.values), numbers(1_000), 'what came')
    },
  },
)
