import 'reflect-metadata'
import { AntiphonClient, AntiphonServer, rpcErrorOf } from '@antiphon/nestjs'
import { Module, type INestMicroservice } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientMqtt, Transport, type ClientProxy, type MicroserviceOptions } from '@nestjs/microservices'
import { filter, firstValueFrom, lastValueFrom, materialize, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MathController, Notes } from './math-controller.js'

@Module({ controllers: [MathController], providers: [Notes] })
export class MathModule {}

/** What the suite uses of a client. Nest's own are not assignable to the type of all. */
export type Client = Pick<ClientProxy, 'send' | 'emit' | 'connect' | 'close'>

/** A transport on both sides. */
interface TransportCase {
  readonly server: (url: string) => MicroserviceOptions
  readonly client: (url: string) => Client
}

const nest: TransportCase = {
  server: (url) => ({ transport: Transport.MQTT, options: { url } }),
  client: (url) => new ClientMqtt({ url }),
}

const antiphon: TransportCase = {
  server: (url) => ({ strategy: new AntiphonServer({ url }) }),
  client: (url) => new AntiphonClient({ url }),
}

const antiphonAsNest = (protocolVersion: 4 | 5): TransportCase => ({
  server: (url) => ({ strategy: new AntiphonServer({ url, connection: { protocolVersion }, wire: 'nest' }) }),
  client: (url) => new AntiphonClient({ url, connection: { protocolVersion }, wire: 'nest' }),
})

const pairs: readonly (readonly [
  server: string,
  client: string,
  TransportCase['server'],
  TransportCase['client'],
])[] = [
  ["Nest's own transport", "Nest's own transport", nest.server, nest.client],
  ['Antiphon', 'Antiphon', antiphon.server, antiphon.client],
  ['Antiphon on the wire of Nest', 'the same', antiphonAsNest(5).server, antiphonAsNest(5).client],
  ['Antiphon on the wire of Nest', 'the same over 3.1.1', antiphonAsNest(5).server, antiphonAsNest(4).client],
  ["Nest's own transport", 'Antiphon on the wire of Nest', nest.server, antiphonAsNest(5).client],
  ['Antiphon on the wire of Nest', "Nest's own transport", antiphonAsNest(5).server, nest.client],
  ['Antiphon over 3.1.1 on the wire of Nest', "Nest's own transport", antiphonAsNest(4).server, nest.client],
]

/** A broker for the applications of a test. */
export interface SuiteBroker {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Runs one application of NestJS on each pair of transports: all must behave as Nest's own. */
export function transportSuite(startBroker: () => Promise<SuiteBroker>): void {
  describe.each(pairs)('an application on %s, called by %s', (_, __, toServer, toClient) => {
    let broker: SuiteBroker
    let app: INestMicroservice
    let client: Client
    beforeAll(async () => {
      broker = await startBroker()
      app = await NestFactory.createMicroservice<MicroserviceOptions>(MathModule, {
        ...toServer(broker.url),
        logger: false,
      })
      await app.listen()
      client = toClient(broker.url)
      await client.connect()
    })
    afterAll(async () => {
      await client.close()
      await app.close()
      await broker.stop()
    })

    /** Calls a handler; returns its values, and what it has thrown. */
    async function call(pattern: unknown, data: unknown): Promise<unknown> {
      const events = await lastValueFrom(client.send<unknown>(pattern, data).pipe(materialize(), toArray()))
      const values = events.flatMap((event) => (event.kind === 'N' ? [event.value] : []))
      const [thrown] = events.flatMap((event) => (event.kind === 'E' ? [event.error as unknown] : []))
      return thrown === undefined ? values : { values, thrown: rpcErrorOf(thrown) ?? thrown }
    }

    it.each([
      ['a value', { cmd: 'sum' }, [3]],
      ['a promise', 'math/sum-later', [3]],
      ['an Observable', 'math/each', [1, 2]],
      ['a promise of an Observable', 'math/each-later', [1, 2]],
      ['nothing', 'math/nothing', []],
      ['an Observable without values', 'math/empty', []],
      ['a date and an undefined field', 'math/now', [{ at: '1970-01-01T00:00:00.000Z' }]],
    ])('returns what a handler returns as %s', async (_, pattern, values) => {
      expect(await call(pattern, [1, 2])).toEqual(values)
    })

    it.each([
      [
        'of an RpcException',
        'math/refuse',
        { code: 'negative', message: 'no negative numbers', statusCode: 422 },
      ],
      ['of an RpcException with a text', 'math/refuse-text', { status: 'error', message: 'not today' }],
      [
        'of another error, without details',
        'math/break',
        { status: 'error', message: 'Internal server error' },
      ],
    ])('fails with the error %s', async (_, pattern, thrown) => {
      expect(await call(pattern, [])).toEqual({ values: [], thrown })
    })

    it('fails after the values before an error', async () => {
      const thrown = { status: 'error', message: 'broken' }
      expect(await call('math/break-after-one', [])).toEqual({ values: [1], thrown })
    })

    it('calls a handler whose pattern has a wildcard', async () => {
      expect(await call('sensor/kitchen/read', '')).toEqual(['read sensor/kitchen/read'])
    })

    it.each([
      ['a pattern', 'math/noted'],
      ['a pattern with a wildcard', 'sensor/hall/changed'],
    ])('emits events to %s', async (_, pattern) => {
      const { noted$ } = app.get(Notes)
      const noted = firstValueFrom(noted$.pipe(filter((note) => (note as readonly unknown[])[0] === pattern)))
      await lastValueFrom(client.emit(pattern, { value: 7 }), { defaultValue: undefined })
      expect(await noted).toEqual([pattern, { value: 7 }])
    })

    it('calls handlers again after all others have ended', async () => {
      expect(await call({ cmd: 'sum' }, [20, 22])).toEqual([42])
    })
  })
}
