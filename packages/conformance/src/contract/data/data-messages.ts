import { userProperty, type Message, type OutgoingMessage } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { textOf } from '../case-context.js'
import type { ExpectedMessage, MessageData } from './conformance-data.js'

/** Returns a topic of a case in place of one that begins with `{prefix}/`. */
export type TopicOf = (topic: string) => string

/** Returns the message that data describe. */
export function toMessage(
  {
    topic = '',
    payload = '',
    hex,
    qos = 1,
    responseTopic,
    correlationData,
    absent: _,
    ...properties
  }: MessageData,
  topicOf: TopicOf,
): OutgoingMessage {
  const { userProperties = [], payloadFormatIndicator, ...others } = properties
  return {
    ...others,
    topic: topicOf(topic),
    payload: hex === undefined ? new TextEncoder().encode(payload) : fromHex(hex),
    qos,
    ...(responseTopic !== undefined && { responseTopic: topicOf(responseTopic) }),
    ...(correlationData !== undefined && { correlationData: toBytes(correlationData) }),
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator: payloadFormatIndicator === 1 }),
    ...(userProperties.length > 0 && {
      userProperties: userProperties.map(([name, value]) => [name, topicOf(value)] as const),
    }),
  }
}

/** Expects a message to have all that data name. */
export function expectMessage(message: Message, expected: ExpectedMessage, topicOf: TopicOf): void {
  const {
    topic,
    payload,
    json,
    correlationData,
    messageExpiryInterval,
    userProperties = {},
    payloadFormatIndicator,
  } = expected
  expectEqual(message.topic, topicOf(topic), 'the topic')
  if (payload !== undefined) expectEqual(textOf(message), payload, 'the payload')
  if (json !== undefined) expectEqual(JSON.parse(textOf(message)) as unknown, json, 'the payload')
  if (correlationData !== undefined)
    expectEqual([...(message.correlationData ?? [])], [...toBytes(correlationData)], 'the Correlation Data')
  if (payloadFormatIndicator !== undefined)
    expectEqual(message.payloadFormatIndicator, payloadFormatIndicator === 1, 'payloadFormatIndicator')
  for (const name of ['qos', 'retain', 'contentType'] as const)
    if (expected[name] !== undefined) expectEqual(message[name], expected[name], name)
  if (messageExpiryInterval !== undefined) {
    const { from, to } = messageExpiryInterval
    const { messageExpiryInterval: actual = -1 } = message
    expectThat(actual >= from && actual <= to, `expected an expiry of ${from} to ${to} s, not ${actual}`)
  }
  for (const [name, value] of Object.entries(userProperties))
    expectEqual(userProperty(message.userProperties, name), value, `the User Property ${name}`)
  for (const name of expected.present ?? []) expectThat(message[name] !== undefined, `expected a ${name}`)
  for (const name of expected.absent ?? []) expectThat(message[name] === undefined, `expected no ${name}`)
}

function toBytes(data: string): Uint8Array {
  return data.startsWith('hex:') ? fromHex(data.slice(4)) : new TextEncoder().encode(data.slice(5))
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
