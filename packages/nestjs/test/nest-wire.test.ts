import 'reflect-metadata'
import { createBroker } from '@antiphon/broker'
import { AntiphonError, ApplicationError, exchange$, requests$, serve, type Link } from '@antiphon/core'
import { AntiphonClient, AntiphonServer, nestEndpoint } from '@antiphon/nestjs'
import { NestFactory } from '@nestjs/core'
import { ClientMqtt, Transport, type MicroserviceOptions } from '@nestjs/microservices'
import { firstValueFrom, lastValueFrom, of, Subject, take, toArray } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { Notes } from './math-controller.js'
import { MathModule, type Client } from './transport-suite.js'

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

async function start(): Promise<{ readonly link: Link; readonly url: string }> {
  const broker = createBroker()
  onTestFinished(() => broker.close())
  const { url } = await broker.listen({ protocol: 'tcp' })
  return { link: broker.link(), url }
}

/** Serves handlers without an application. */
async function serveHandlers(
  link: Link,
  ...handlers: readonly Parameters<AntiphonServer['addHandler']>[]
): Promise<void> {
  const server = new AntiphonServer({ link, wire: 'nest' })
  for (const handler of handlers) server.addHandler(...handler)
  await new Promise<void>((resolve, reject) =>
    server.listen((error) => (error === undefined ? resolve() : reject(AntiphonError.from(error)))),
  )
  onTestFinished(() => server.close())
}

function publish(link: Link, topic: string, payload: string): Promise<unknown> {
  return firstValueFrom(link.publish$({ topic, payload: bytes(payload), qos: 1 }))
}

it('serves one application on both transports, so that its clients move one at a time', async () => {
  const { url } = await start()
  const topicPrefix = 'moved/{x}/'
  const app = await NestFactory.create(MathModule, { logger: false })
  app.connectMicroservice<MicroserviceOptions>({ transport: Transport.MQTT, options: { url } })
  app.connectMicroservice<MicroserviceOptions>({ strategy: new AntiphonServer({ url, topicPrefix }) })
  await app.startAllMicroservices()
  onTestFinished(() => app.close())
  const old = new ClientMqtt({ url })
  const between = new AntiphonClient({ url, wire: 'nest' })
  const moved = new AntiphonClient({ url, topicPrefix })
  const clients: readonly Client[] = [old, between, moved]
  for (const client of clients) {
    await client.connect()
    onTestFinished(async () => {
      await client.close()
    })
    expect(await lastValueFrom(client.send<unknown>({ cmd: 'sum' }, [1, 2]))).toBe(3)
    expect(await lastValueFrom(client.send<unknown>('sensor/hall/read', {}))).toMatch(/sensor\/hall\/read$/)
    const noted = firstValueFrom(app.get(Notes).noted$)
    client.emit('sensor/hall/changed', 7)
    expect(await noted).toEqual([expect.stringMatching(/sensor\/hall\/changed$/), 7])
  }
})

it('replaces one of two services while both run, and no call is lost', async () => {
  const { url } = await start()
  const options = { logger: false } as const
  const before = await NestFactory.createMicroservice<MicroserviceOptions>(MathModule, {
    ...options,
    transport: Transport.MQTT,
    options: { url },
  })
  await before.listen()
  const client = new AntiphonClient({ url, wire: 'nest' })
  onTestFinished(() => client.close())
  const sum = (): Promise<unknown> => lastValueFrom(client.send({ cmd: 'sum' }, [1, 2]))
  expect(await sum()).toBe(3)
  const after = await NestFactory.createMicroservice<MicroserviceOptions>(MathModule, {
    ...options,
    strategy: new AntiphonServer({ url, wire: 'nest' }),
  })
  onTestFinished(() => after.close())
  await after.listen()
  expect(await Promise.all(Array.from({ length: 8 }, sum))).toEqual(Array<number>(8).fill(3))
  await before.close()
  expect(await sum()).toBe(3)
})

it('loses no call of 200 with 64 in flight', async () => {
  const { url } = await start()
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(MathModule, {
    strategy: new AntiphonServer({ url, wire: 'nest' }),
    logger: false,
  })
  onTestFinished(() => app.close())
  await app.listen()
  const client = new AntiphonClient({ url, wire: 'nest' })
  onTestFinished(() => client.close())
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      lastValueFrom(client.send<number>('math/sum-later', [index, 1])),
    ),
  )
  expect(results).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
})

it('handles messages of other programs as events', async () => {
  const { link, url } = await start()
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(MathModule, {
    strategy: new AntiphonServer({ url, wire: 'nest' }),
    logger: false,
  })
  onTestFinished(() => app.close())
  await app.listen()
  const noted = firstValueFrom(app.get(Notes).noted$.pipe(take(4), toArray()))
  await publish(link, 'sensor/hall/changed', '21.5')
  await publish(link, 'sensor/hall/changed', 'warm')
  await publish(link, 'sensor/hall/changed', '{"celsius":21}')
  await publish(link, 'sensor/hall/changed', '{"pattern":"x","data":7}')
  expect((await noted).map((note) => (note as readonly unknown[])[1])).toEqual([
    21.5,
    'warm',
    { celsius: 21 },
    7,
  ])
})

it('runs the handler of a message for an event, without a response', async () => {
  const { link } = await start()
  const handled$ = new Subject<unknown>()
  await serveHandlers(link, ['note', (data) => of(handled$.next(data)) as never])
  const handled = firstValueFrom(handled$)
  const responses: unknown[] = []
  link.messages$('note/reply').subscribe((message) => responses.push(message))
  await firstValueFrom(link.subscription$('note/reply'))
  await publish(link, 'note', '{"pattern":"note","data":"by emit"}')
  expect(await handled).toBe('by emit')
  const response = firstValueFrom(link.messages$('note/reply'))
  await publish(link, 'note', '{"pattern":"note","data":"by send","id":"1"}')
  expect(new TextDecoder().decode((await response).payload)).toBe('{"id":"1","isDisposed":true}')
  expect(responses).toHaveLength(1)
})

it.each([
  [new ApplicationError({ code: 'sold-out' }), { status: 'error', message: 'sold-out', code: 'sold-out' }],
  [new ApplicationError({ code: 'x', payload: 'text' }), 'text'],
  [new Error('secret'), { status: 'error', message: 'the handler failed', statusCode: 500 }],
])('sends %s to a client of Nest', async (thrown, err) => {
  const { link, url } = await start()
  const fail = (): never => {
    throw thrown
  }
  await serveHandlers(link, ['fail', fail])
  const client = new ClientMqtt({ url })
  await client.connect()
  onTestFinished(() => client.close())
  await expect(lastValueFrom(client.send('fail', {}))).rejects.toEqual(err)
})

it.each([
  ['{"id":ID,"celsius":21}', [{ id: expect.any(String) as string, celsius: 21 }]],
  ['{"id":ID,"response":null,"isDisposed":true}', [null]],
  ['{"id":ID,"err":"","response":1,"isDisposed":true}', [1]],
])('reads the response %s', async (response, values) => {
  const { link } = await start()
  link.messages$('device').subscribe(({ payload }) => {
    const { id } = JSON.parse(new TextDecoder().decode(payload)) as { readonly id: string }
    void publish(link, 'device/reply', response.replace('ID', JSON.stringify(id)))
  })
  await firstValueFrom(link.subscription$('device'))
  const client = new AntiphonClient({ link, wire: 'nest' })
  expect(await lastValueFrom(client.send('device', {}).pipe(toArray()))).toEqual(values)
})

it.each([
  ['"no handler"', { code: 500, message: 'no handler', applicationCode: 'error' }],
  ['{"status":404,"message":"gone"}', { code: 404, message: 'gone' }],
  ['7', { code: 500, message: '7' }],
])('fails with the error %s of a service of Nest', async (err, status) => {
  const { link } = await start()
  link.messages$('device').subscribe(({ payload }) => {
    const { id } = JSON.parse(new TextDecoder().decode(payload)) as { readonly id: string }
    void publish(link, 'device/reply', `{"id":"${id}","err":${err},"isDisposed":true}`)
  })
  await firstValueFrom(link.subscription$('device'))
  const client = new AntiphonClient({ link, wire: 'nest' })
  await expect(lastValueFrom(client.send('device', {}))).rejects.toMatchObject({ code: 'status', status })
})

it('calls a service of Nest from a program without NestJS, and answers a client of Nest', async () => {
  const { link, url } = await start()
  const sum = nestEndpoint('math/sum')
  const served = requests$(link, sum)
    .pipe(serve(() => of({ response: 1 }, { response: 2 }, { isDisposed: true })))
    .subscribe()
  onTestFinished(() => served.unsubscribe())
  await firstValueFrom(link.subscription$('math/sum'))
  const client = new ClientMqtt({ url })
  await client.connect()
  onTestFinished(() => client.close())
  expect(await lastValueFrom(client.send<unknown>('math/sum', []).pipe(toArray()))).toEqual([1, 2])
  const packets = await lastValueFrom(exchange$(link, sum, { pattern: 'math/sum', data: [] }).pipe(toArray()))
  expect(packets).toMatchObject([{ response: 1 }, { response: 2 }, { isDisposed: true }])
})
