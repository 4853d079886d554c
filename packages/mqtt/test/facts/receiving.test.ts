import { mqttTransport } from '@antiphon/mqtt'
import { expect, it } from 'vitest'
import { openConnection, textOf } from '../test-connection.js'
import { connackBytes, startScriptedBroker } from '../scripted-broker.js'

it('emits messages that arrive in one chunk with CONNACK after online, in order', async () => {
  const broker = await startScriptedBroker()
  const message = (text: string): readonly number[] => [0x30, 5, 0, 1, 0x61, 0, text.charCodeAt(0)]
  broker.answerConnect(Uint8Array.from([...connackBytes(5), ...['1', '2', '3'].flatMap(message)]))
  const transport = mqttTransport(broker.url)
  const connection = await openConnection(transport)
  expect((await connection.received(3)).map(textOf)).toEqual(['1', '2', '3'])
  expect(connection.events.map(({ type }) => type)).toEqual(['online', 'message', 'message', 'message'])
  connection.drop()
  broker.stop()
})

it('emits a QoS 2 message with a reused Packet Identifier if the session may have been restarted unseen', async () => {
  const broker = await startScriptedBroker()
  const message = (text: string): readonly number[] => [0x34, 7, 0, 1, 0x61, 0, 5, 0, text.charCodeAt(0)]
  const resumption = [0x20, 3, 1, 0, 0]
  const transport = mqttTransport(broker.url)
  broker.answerConnect(Uint8Array.from([...connackBytes(5), ...message('1')]))
  const first = await openConnection(transport)
  await first.received(1)
  first.drop()
  broker.answerConnect(new Uint8Array(), 'close')
  await expect(openConnection(transport)).rejects.toMatchObject({
    code: 'connection-lost',
    phase: 'after-network',
  })
  broker.answerConnect(Uint8Array.from([...resumption, ...message('2')]))
  const third = await openConnection(transport)
  expect((await third.received(1)).map(textOf)).toEqual(['2'])
  third.drop()
  broker.stop()
})

it('delivers a message that has a Content Type and a Topic Alias', async () => {
  const broker = await startScriptedBroker()
  const contentType = [3, 0, 1, 0x74]
  const alias = [0x23, 0, 1]
  const first = [0x30, 12, 0, 1, 0x61, 7, ...contentType, ...alias, 0x31]
  const second = [0x30, 11, 0, 0, 7, ...alias, ...contentType, 0x32]
  broker.answerConnect(Uint8Array.from([...connackBytes(5), ...first, ...second]))
  const transport = mqttTransport(broker.url, { properties: { topicAliasMaximum: 1 } })
  const connection = await openConnection(transport)
  const messages = await connection.received(2)
  expect(messages.map((message) => [message.topic, message.contentType, textOf(message)])).toEqual([
    ['a', 't', '1'],
    ['a', 't', '2'],
  ])
  connection.drop()
  broker.stop()
})
