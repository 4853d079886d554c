import 'reflect-metadata'
import { performance } from 'node:perf_hooks'
import { AntiphonClient, AntiphonServer } from '@antiphon/nestjs'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientMqtt, MessagePattern, Payload, Transport } from '@nestjs/microservices'
import { catchError, from, lastValueFrom, map, mergeMap, of, reduce, timeout } from 'rxjs'
import { topic } from '../src/peers/contract.js'
import { runPeer } from '../src/peers/run-peer.js'

/** The transports of the same application, by the names of their columns. */
const transports = {
  Antiphon: {
    client: (url) => new AntiphonClient({ url }),
    server: (url) => ({ strategy: new AntiphonServer({ url }) }),
  },
  'Antiphon, wire of NestJS': {
    client: (url) => new AntiphonClient({ url, wire: 'nest' }),
    server: (url) => ({ strategy: new AntiphonServer({ url, wire: 'nest' }) }),
  },
  NestJS: {
    client: (url) => new ClientMqtt({ url }),
    server: (url) => ({ transport: Transport.MQTT, options: { url } }),
  },
}

/** A typical controller; the decorators are applied by calls, since this file is JavaScript. */
class EchoController {
  async echo(request) {
    return request
  }
}
const echo = Object.getOwnPropertyDescriptor(EchoController.prototype, 'echo')
MessagePattern(topic)(EchoController.prototype, 'echo', echo)
Payload()(EchoController.prototype, 'echo', 0)
class EchoModule {}
Module({ controllers: [EchoController] })(EchoModule)

await runPeer(async ({ contestant, part, port }) => {
  const url = `mqtt://127.0.0.1:${port}`
  const { client: createClient, server } = transports[contestant]
  if (part === 'responder') {
    const app = await NestFactory.createMicroservice(EchoModule, { ...server(url), logger: false })
    await app.listen()
    return {}
  }
  const client = createClient(url)
  await client.connect()
  /** Makes calls with a number of them in flight, and counts those whose response arrives in time. */
  const calls = async ({ count, inFlight, milliseconds }) => {
    const began = performance.now()
    const cpuBefore = process.cpuUsage()
    const call = (id) =>
      client.send(topic, { id }).pipe(
        timeout(milliseconds),
        map((response) => (response.id === id ? 1 : 0)),
        catchError(() => of(0)),
      )
    const answered = await lastValueFrom(
      from(Array(count).keys()).pipe(
        mergeMap(call, inFlight),
        reduce((sum, one) => sum + one, 0),
      ),
    )
    const { user, system } = process.cpuUsage(cpuBefore)
    return { answered, cpu: user + system, milliseconds: performance.now() - began }
  }
  return { calls }
})
