import type { OutgoingMessage } from '@antiphon/core'
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

const tooLong = 'x'.repeat(65_536)

/** Invalid messages by the rule that each breaks. */
const invalidMessages: Readonly<Record<string, Partial<OutgoingMessage>>> = {
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
  'an expiry that is not a number': { messageExpiryInterval: NaN },
  'an expiry over four bytes': { messageExpiryInterval: 2 ** 32 },
}

/** The cases of `publish$` while online. */
export const publishCases: readonly CaseDefinition[] = casesOf(
  'publishing',
  {
    name: 'emits the acknowledgement of publish$ and completes at every QoS',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic, { qos: 2 })
      for (const qos of [0, 1, 2] as const) {
        const ack = recordStream(link.publish$(outgoing(topic, `${qos}`, { qos })))
        expectEqual(await context.eventually(ack.ended()), 'complete', `the end of publish$ at QoS ${qos}`)
        expectEqual(ack.values, [{ reasonCode: 0 }], `the acknowledgement at QoS ${qos}`)
      }
      await context.eventually(received.until(3))
      await context.settle()
      expectEqual(textsOf(received.deliveries), ['0', '1', '2'], 'the received payloads')
      expectEqual(
        received.deliveries.map(({ message }) => message.qos),
        [0, 1, 2],
        'the QoS of the received messages',
      )
    },
  },
  {
    name: 'sends a message once for each subscription to publish$, and none before',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      const publish$ = link.publish$(outgoing(topic, 'x'))
      await waitUntilOnline(context, link)
      await context.settle()
      expectEqual(received.deliveries.length, 0, 'the number of messages before the subscription')
      await context.eventually(recordStream(publish$).ended())
      await context.eventually(recordStream(publish$).ended())
      await context.eventually(received.until(2))
    },
  },
  {
    name: 'emits reason code 0x10 when no client is subscribed to the published topic',
    needs: ['no-subscribers'],
    run: async (context) => {
      const ack = await send(context, context.link(), outgoing(context.topic('unsubscribed'), 'x'))
      expectEqual(ack, { reasonCode: 0x10 }, 'the acknowledgement')
    },
  },
  {
    name: "fails publish$ with the reason code of the broker's refusal and keeps publishing",
    needs: ['refuse-publish'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('refused')
      await context.refusePublish(topic, 0x87)
      const refused = recordStream(link.publish$(outgoing(topic, 'x')))
      const error = expectFailure(await context.eventually(refused.ended()), 'publish-refused')
      expectThat((error.reasonCode ?? 0) >= 0x80, 'expected a reason code of 0x80 or above')
      expectEqual(error.topic, topic, 'the topic in the error')
      await send(context, link, outgoing(context.topic('accepted'), 'x'))
    },
  },
  {
    name: 'rejects an invalid message with invalid-argument before sending a packet',
    run: async (context) => {
      const link = context.link()
      const received = await subscribeAndWait(context, context.peer, context.topic('#'))
      for (const [rule, override] of Object.entries(invalidMessages)) {
        const refused = recordStream(link.publish$({ ...outgoing(context.topic('a'), 'x'), ...override }))
        const ending = refused.ending()
        expectThat(ending !== undefined, `expected publish$ to reject ${rule} synchronously`)
        expectEqual(
          expectFailure(ending, 'invalid-argument').phase,
          'before-network',
          `the phase of the error for ${rule}`,
        )
      }
      await send(context, link, outgoing(context.topic('a'), 'valid'))
      await context.eventually(received.until(1))
      expectEqual(textsOf(received.deliveries), ['valid'], 'the sent payloads')
    },
  },
  {
    name: 'transfers all message properties unchanged, including repeated user properties',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      const properties = {
        responseTopic: context.topic('response'),
        correlationData: Uint8Array.from([0, 255, 128, 0]),
        contentType: 'application/json; charset=utf-8',
        payloadFormatIndicator: true,
        userProperties: [
          ['same', '1'],
          ['same', '2'],
          ['same', ''],
        ] as const,
      }
      await send(context, link, outgoing(topic, '{"ä":"€"}', properties))
      const [delivery] = await context.eventually(received.until(1))
      expectThat(delivery !== undefined, 'expected a delivery')
      const { subscriptionIdentifiers: _, ...message } = delivery.message
      const sent = { ...outgoing(topic, '{"ä":"€"}', properties), qos: 1, retain: false, dup: false }
      expectEqual(message, sent, 'the received message')
    },
  },
  {
    name: 'sends 200 concurrent messages in the order in which they were published',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      await sendAll(context, link, topic, numbers(200))
      await context.eventually(received.until(200))
      await context.settle()
      expectEqual(textsOf(received.deliveries), numbers(200), 'the received payloads')
    },
  },
  {
    name: "queues QoS 2 messages beyond the broker's Receive Maximum",
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic, { qos: 2 })
      const acks = numbers(100).map((text) => recordStream(link.publish$(outgoing(topic, text, { qos: 2 }))))
      for (const ack of acks) await context.eventually(ack.until(1))
      await context.eventually(received.until(100))
      await context.settle()
      expectEqual([...textsOf(received.deliveries)].sort(), [...numbers(100)].sort(), 'the received payloads')
    },
  },
  {
    name: 'delivers in-flight messages after the session is resumed',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      await waitUntilOnline(context, link)
      const acks = numbers(10).map((text) => recordStream(link.publish$(outgoing(topic, text))))
      await context.cut(link)
      await context.restore(link)
      for (const ack of acks) await context.eventually(ack.until(1))
      await context.settle()
      expectEqual(
        [...new Set(textsOf(received.deliveries))],
        numbers(10),
        'the received payloads without duplicates',
      )
    },
  },
  {
    name: 'resends in-flight messages after the session is lost',
    needs: ['cut', 'lose-session'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      await waitUntilOnline(context, link)
      const acks = numbers(10).map((text) => recordStream(link.publish$(outgoing(topic, text))))
      await context.cut(link)
      await context.loseSession(link)
      await context.restore(link)
      for (const ack of acks) await context.eventually(ack.until(1))
      await context.settle()
      expectEqual(
        [...new Set(textsOf(received.deliveries))],
        numbers(10),
        'the received payloads without duplicates',
      )
    },
  },
  {
    name: 'keeps to a Receive Maximum lowered from 20 to 5 when it sends again in a resumed session',
    needs: ['cut', 'receive-maximum'],
    run: async (context) => {
      await context.setReceiveMaximum(20)
      const link = context.link({ persistentSession: true })
      const receiver = context.link({ persistentSession: true })
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, receiver, topic, { qos: 2 })
      expectEqual((await waitUntilOnline(context, link)).receiveMaximum, 20, 'the first Receive Maximum')
      const acks = numbers(30).map((text) => recordStream(link.publish$(outgoing(topic, text, { qos: 2 }))))
      await context.cut(link)
      await context.setReceiveMaximum(5)
      const states = recordStream(link.state$)
      await context.restore(link)
      expectEqual((await waitUntilOnline(context, link)).receiveMaximum, 5, 'the lowered Receive Maximum')
      for (const ack of acks) await context.eventually(ack.until(1))
      await context.eventually(received.until(30))
      await context.settle()
      const payloads = [...new Set(textsOf(received.deliveries))]
      expectEqual(payloads, numbers(30), 'the received payloads without duplicates')
      const connections = states.values.filter(({ status }) => status === 'online')
      expectEqual(connections.length, 1, 'the connections, of which the broker must not close the first')
    },
  },
  {
    name: 'publishes and awaits acknowledgements inside a message handler',
    run: async (context) => {
      const link = context.link()
      const [requestTopic, responses] = [context.topic('requests'), context.topic('responses')]
      const received = await subscribeAndWait(context, context.peer, responses)
      const acks: unknown[] = []
      const subscription = recordSubscription(link, requestTopic)
      await context.eventually(subscription.windows.until(1))
      const handling = recordStream(link.subscription$(requestTopic), ({ deliveries$ }) => {
        recordStream(deliveries$, ({ message, acknowledge }) => {
          recordStream(link.publish$(outgoing(responses, textsOf([message])[0] ?? '')), (ack) => {
            acks.push(ack)
            acknowledge()
          })
        })
      })
      await context.eventually(handling.until(1))
      await sendAll(context, context.peer, requestTopic, numbers(30))
      await context.eventually(received.until(30))
      expectEqual(textsOf(received.deliveries), numbers(30), 'the responses')
    },
  },
)
