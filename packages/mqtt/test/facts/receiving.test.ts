import { mqttTransport } from '@antiphon/mqtt'
import { expect, it } from 'vitest'
import { converse, textOf } from '../conversation.js'
import { acceptance, startScriptedBroker } from '../scripted-broker.js'

it('messages that come in one piece with the acceptance are handed on after it, in order', async () => {
  const broker = await startScriptedBroker()
  const message = (text: string): readonly number[] => [0x30, 5, 0, 1, 0x61, 0, text.charCodeAt(0)]
  broker.answer(Uint8Array.from([...acceptance(5), ...['1', '2', '3'].flatMap(message)]))
  const transport = mqttTransport(broker.url)
  const conversation = await converse(transport)
  expect((await conversation.arrived(3)).map(textOf)).toEqual(['1', '2', '3'])
  expect(conversation.events.map(({ type }) => type)).toEqual(['online', 'message', 'message', 'message'])
  conversation.drop()
  broker.stop()
})

it('a packet identifier means another message in a session that may have begun unseen', async () => {
  const broker = await startScriptedBroker()
  const message = (text: string): readonly number[] => [0x34, 7, 0, 1, 0x61, 0, 5, 0, text.charCodeAt(0)]
  const resumption = [0x20, 3, 1, 0, 0]
  const transport = mqttTransport(broker.url)
  broker.answer(Uint8Array.from([...acceptance(5), ...message('1')]))
  const first = await converse(transport)
  await first.arrived(1)
  first.drop()
  broker.answer(new Uint8Array(), 'hang up')
  await expect(converse(transport)).rejects.toMatchObject({ code: 'connection-lost', phase: 'after-network' })
  broker.answer(Uint8Array.from([...resumption, ...message('2')]))
  const third = await converse(transport)
  expect((await third.arrived(1)).map(textOf)).toEqual(['2'])
  third.drop()
  broker.stop()
})
