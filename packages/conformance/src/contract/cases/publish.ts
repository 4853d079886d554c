import type { OutgoingMessage } from '@antiphon/core'
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

const tooLong = 'x'.repeat(65_536)

/** Messages that break a rule, by the rule they break. */
const badMessages: Readonly<Record<string, Partial<OutgoingMessage>>> = {
  'an empty topic': { topic: '' },
  'a wildcard in the topic': { topic: 'a/+' },
  'a multi-level wildcard in the topic': { topic: 'a/#' },
  'NUL in the topic': { topic: 'a\u0000b' },
  'a lone surrogate in the topic': { topic: 'a/\ud800' },
  'a topic over 65 535 bytes': { topic: tooLong },
  'an empty response topic': { responseTopic: '' },
  'a wildcard in the response topic': { responseTopic: 'a/+' },
  'a response topic over 65 535 bytes': { responseTopic: tooLong },
  'correlation data over 65 535 bytes': { correlationData: new Uint8Array(65_536) },
  'a content type over 65 535 bytes': { contentType: tooLong },
  'a user property over 65 535 bytes': { userProperties: [['name', tooLong]] },
  'a negative expiry': { messageExpiryInterval: -1 },
  'an expiry that is no number': { messageExpiryInterval: NaN },
  'an expiry over four bytes': { messageExpiryInterval: 2 ** 32 },
}

/** What `publish$` promises while online. */
export const publishCases: readonly CaseDefinition[] = casesOf(
  'publishing',
  {
    name: 'publish$ emits the acknowledgement and completes, at every QoS',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic, { qos: 2 })
      for (const qos of [0, 1, 2] as const) {
        const ack = watch(link.publish$(outgoing(topic, `${qos}`, { qos })))
        expectEqual(await scene.eventually(ack.ended()), 'complete', `how QoS ${qos} ended`)
        expectEqual(ack.values, [{ reasonCode: 0 }], `the acknowledgement of QoS ${qos}`)
      }
      await scene.eventually(heard.until(3))
      await scene.settle()
      expectEqual(textsOf(heard.deliveries), ['0', '1', '2'], 'what came')
      expectEqual(
        heard.deliveries.map(({ message }) => message.qos),
        [0, 1, 2],
        'the QoS it came at',
      )
    },
  },
  {
    name: 'publish$ sends nothing before it is subscribed to, and once for each subscription',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      const publish$ = link.publish$(outgoing(topic, 'x'))
      await online(scene, link)
      await scene.settle()
      expectEqual(heard.deliveries.length, 0, 'what came before anybody subscribed')
      await scene.eventually(watch(publish$).ended())
      await scene.eventually(watch(publish$).ended())
      await scene.eventually(heard.until(2))
    },
  },
  {
    name: 'publish$ says 0x10 where nobody is subscribed',
    needs: ['no-subscribers'],
    run: async (scene) => {
      const ack = await send(scene, scene.link(), outgoing(scene.topic('nobody'), 'x'))
      expectEqual(ack, { reasonCode: 0x10 }, 'the acknowledgement')
    },
  },
  {
    name: 'publish$ fails with the reason where the broker refuses the message, and goes on',
    needs: ['refuse-publish'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('refused')
      await scene.refusePublish(topic, 0x87)
      const refused = watch(link.publish$(outgoing(topic, 'x')))
      const error = expectFailure(await scene.eventually(refused.ended()), 'publish-refused')
      expectThat((error.reasonCode ?? 0) >= 0x80, 'a reason code of 0x80 or above')
      expectEqual(error.topic, topic, 'the topic it names')
      await send(scene, link, outgoing(scene.topic('taken'), 'x'))
    },
  },
  {
    name: 'publish$ refuses an unfit message before any packet, saying what is wrong',
    run: async (scene) => {
      const link = scene.link()
      const heard = await subscribed(scene, scene.peer, scene.topic('#'))
      for (const [rule, part] of Object.entries(badMessages)) {
        const refused = watch(link.publish$({ ...outgoing(scene.topic('a'), 'x'), ...part }))
        const ending = refused.ending()
        expectThat(ending !== undefined, `${rule} to be refused at once`)
        expectEqual(
          expectFailure(ending, 'invalid-argument').phase,
          'before-network',
          `the phase for ${rule}`,
        )
      }
      await send(scene, link, outgoing(scene.topic('a'), 'fit'))
      await scene.eventually(heard.until(1))
      expectEqual(textsOf(heard.deliveries), ['fit'], 'what left')
    },
  },
  {
    name: 'a message keeps its properties, byte for byte, and repeated user properties',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      const properties = {
        responseTopic: scene.topic('answer'),
        correlationData: Uint8Array.from([0, 255, 128, 0]),
        contentType: 'application/json; charset=utf-8',
        payloadFormatIndicator: true,
        userProperties: [
          ['same', '1'],
          ['same', '2'],
          ['same', ''],
        ] as const,
      }
      await send(scene, link, outgoing(topic, '{"ä":"€"}', properties))
      const [delivery] = await scene.eventually(heard.until(1))
      expectThat(delivery !== undefined, 'a delivery')
      const { subscriptionIdentifiers: _, ...message } = delivery.message
      const sent = { ...outgoing(topic, '{"ä":"€"}', properties), qos: 1, retain: false, dup: false }
      expectEqual(message, sent, 'the message that came')
    },
  },
  {
    name: 'messages leave in the order of their publishing, however many at once',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      await sendAll(scene, link, topic, numbers(200))
      await scene.eventually(heard.until(200))
      await scene.settle()
      expectEqual(textsOf(heard.deliveries), numbers(200), 'what came')
    },
  },
  {
    name: 'more messages at QoS 2 than the broker takes at once wait for their turn',
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic, { qos: 2 })
      const acks = numbers(100).map((text) => watch(link.publish$(outgoing(topic, text, { qos: 2 }))))
      for (const ack of acks) await scene.eventually(ack.until(1))
      await scene.eventually(heard.until(100))
      await scene.settle()
      expectEqual([...textsOf(heard.deliveries)].sort(), [...numbers(100)].sort(), 'what came')
    },
  },
  {
    name: 'a message under way when the connection is cut arrives with the resumed session',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      await online(scene, link)
      const acks = numbers(10).map((text) => watch(link.publish$(outgoing(topic, text))))
      await scene.cut(link)
      await scene.restore(link)
      for (const ack of acks) await scene.eventually(ack.until(1))
      await scene.settle()
      expectEqual([...new Set(textsOf(heard.deliveries))], numbers(10), 'what came, doubles left out')
    },
  },
  {
    name: 'a message under way when the session is lost is sent anew',
    needs: ['cut', 'lose-session'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const topic = scene.topic('a')
      const heard = await subscribed(scene, scene.peer, topic)
      await online(scene, link)
      const acks = numbers(10).map((text) => watch(link.publish$(outgoing(topic, text))))
      await scene.cut(link)
      await scene.loseSession(link)
      await scene.restore(link)
      for (const ack of acks) await scene.eventually(ack.until(1))
      await scene.settle()
      expectEqual([...new Set(textsOf(heard.deliveries))], numbers(10), 'what came, doubles left out')
    },
  },
  {
    name: 'a publish may be made and awaited inside the handling of a message',
    run: async (scene) => {
      const link = scene.link()
      const [asked, answered] = [scene.topic('asked'), scene.topic('answered')]
      const heard = await subscribed(scene, scene.peer, answered)
      const acks: unknown[] = []
      const subscription = watchSubscription(link, asked)
      await scene.eventually(subscription.windows.until(1))
      const handling = watch(link.subscription$(asked), ({ deliveries$ }) => {
        watch(deliveries$, ({ message, acknowledge }) => {
          watch(link.publish$(outgoing(answered, textsOf([message])[0] ?? '')), (ack) => {
            acks.push(ack)
            acknowledge()
          })
        })
      })
      await scene.eventually(handling.until(1))
      await sendAll(scene, scene.peer, asked, numbers(30))
      await scene.eventually(heard.until(30))
      expectEqual(textsOf(heard.deliveries), numbers(30), 'the answers')
    },
  },
)
