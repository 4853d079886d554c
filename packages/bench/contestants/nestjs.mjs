import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientMqtt, MessagePattern, MqttRecordBuilder, Payload, Transport } from '@nestjs/microservices'
import { topic } from '../src/peers/contract.js'
import { die } from '../src/peers/run-peer.js'
import { runUnary } from '../src/peers/unary.js'

const onDisconnect = (client) => {
  client.on('disconnect', ({ reasonCode = 0 }) => die(`0x${reasonCode.toString(16)}`))
  client.on('close', () => die('the connection was closed'))
}
const options = (port) => ({
  url: `mqtt://127.0.0.1:${port}`,
  protocolVersion: 5,
  subscribeOptions: { qos: 2 },
})

/** A controller as its users write one, the decorators applied by hand. */
class TalkController {
  answer(question) {
    return question
  }
}
const answer = Object.getOwnPropertyDescriptor(TalkController.prototype, 'answer')
MessagePattern(topic)(TalkController.prototype, 'answer', answer)
Payload()(TalkController.prototype, 'answer', 0)
class TalkModule {}
Module({ controllers: [TalkController] })(TalkModule)

await runUnary({
  requester: async ({ port, qos }) => {
    const client = new ClientMqtt(options(port))
    await client.connect()
    onDisconnect(client.unwrap())
    return () =>
      ({ answered, failed }) =>
      (question) => {
        const data = qos === 0 ? question : new MqttRecordBuilder(question).setQoS(qos).build()
        client.send(topic, data).subscribe({ next: answered, error: failed })
      }
  },
  responder: async ({ port }) => {
    const app = await NestFactory.createMicroservice(TalkModule, {
      transport: Transport.MQTT,
      options: options(port),
      logger: false,
    })
    await app.listen()
    onDisconnect(app.unwrap())
  },
})
