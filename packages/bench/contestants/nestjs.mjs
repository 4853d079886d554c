import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientMqtt, MessagePattern, MqttRecordBuilder, Payload, Transport } from '@nestjs/microservices'
import { topic } from '../src/peers/contract.js'
import { reportFailure } from '../src/peers/run-peer.js'
import { runUnary } from '../src/peers/unary.js'

const onDisconnect = (client) => {
  client.on('disconnect', ({ reasonCode = 0 }) => reportFailure(`0x${reasonCode.toString(16)}`))
  client.on('close', () => reportFailure('the connection was closed'))
}
const options = (port) => ({
  url: `mqtt://127.0.0.1:${port}`,
  protocolVersion: 5,
  subscribeOptions: { qos: 2 },
})

/** A typical controller; the decorators are applied by calls, since this file is JavaScript. */
class EchoController {
  echo(request) {
    return request
  }
}
const echo = Object.getOwnPropertyDescriptor(EchoController.prototype, 'echo')
MessagePattern(topic)(EchoController.prototype, 'echo', echo)
Payload()(EchoController.prototype, 'echo', 0)
class EchoModule {}
Module({ controllers: [EchoController] })(EchoModule)

await runUnary({
  requester: async ({ port, qos }) => {
    const client = new ClientMqtt(options(port))
    await client.connect()
    onDisconnect(client.unwrap())
    return () =>
      ({ onResponse, onError }) =>
      (request) => {
        const data = qos === 0 ? request : new MqttRecordBuilder(request).setQoS(qos).build()
        client.send(topic, data).subscribe({ next: onResponse, error: onError })
      }
  },
  responder: async ({ port }) => {
    const app = await NestFactory.createMicroservice(EchoModule, {
      transport: Transport.MQTT,
      options: options(port),
      logger: false,
    })
    await app.listen()
    onDisconnect(app.unwrap())
  },
})
