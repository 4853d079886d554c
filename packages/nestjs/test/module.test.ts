import 'reflect-metadata'
import { createBroker } from '@antiphon/broker'
import { endpoint, request, requests$, serve, text, type Link } from '@antiphon/core'
import {
  ANTIPHON_LINK,
  AntiphonClient,
  AntiphonHealthIndicator,
  AntiphonModule,
  InjectLink,
  InjectRequester,
  requesterToken,
  type RequesterOf,
} from '@antiphon/nestjs'
import { Inject, Injectable, Module, type DynamicModule } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientsModule, MqttRecordBuilder, type ClientProxy } from '@nestjs/microservices'
import { HealthCheckService, TerminusModule } from '@nestjs/terminus'
import { filter, firstValueFrom, of, take, toArray } from 'rxjs'
import { expect, it, onTestFinished, vi } from 'vitest'

const upperCase = endpoint({ name: 'upper', topic: 'upper', request: text, response: text })
const letters = endpoint({ name: 'spell', topic: 'spell', request: text, response: text, responses: 'many' })

@Injectable()
class Screen {
  readonly link: Link
  readonly upper: RequesterOf<typeof upperCase>
  readonly spell: RequesterOf<typeof letters>
  readonly client: AntiphonClient

  constructor(
    @InjectLink() link: Link,
    @InjectRequester(upperCase) upper: RequesterOf<typeof upperCase>,
    @InjectRequester(letters) spell: RequesterOf<typeof letters>,
    @Inject(AntiphonClient) client: AntiphonClient,
  ) {
    this.link = link
    this.upper = upper
    this.spell = spell
    this.client = client
  }
}

async function startUpper(): Promise<{
  readonly url: string
  readonly link: Link
  readonly stop: () => Promise<void>
}> {
  const broker = createBroker()
  const { url } = await broker.listen({ protocol: 'tcp' })
  const link = broker.link()
  const served = requests$(link, upperCase)
    .pipe(serve(({ value }) => value.toUpperCase()))
    .subscribe()
  served.add(
    requests$(link, letters)
      .pipe(serve(({ value }) => of(...value)))
      .subscribe(),
  )
  await firstValueFrom(link.subscription$('upper'))
  await firstValueFrom(link.subscription$('spell'))
  const stop = async (): Promise<void> => {
    served.unsubscribe()
    await broker.close()
  }
  return { url, link, stop }
}

async function startApp(root: DynamicModule) {
  class AppModule {}
  Module({
    imports: [
      root,
      AntiphonModule.forEndpoint(upperCase, { timeout: 10_000 }),
      AntiphonModule.forEndpoint(letters),
      TerminusModule,
    ],
    providers: [Screen],
  })(AppModule)
  return NestFactory.createApplicationContext(AppModule, { logger: false })
}

it('injects a link, a client and typed requesters, and closes its link at shutdown', async () => {
  const { url, stop } = await startUpper()
  onTestFinished(stop)
  const app = await startApp(AntiphonModule.forRoot({ url }))
  const screen = app.get(Screen)
  expect(await screen.upper.request('a')).toBe('A')
  expect(await firstValueFrom(screen.upper.exchange$('b', { qos: 0 }))).toBe('B')
  expect(
    await firstValueFrom(of('c', 'd').pipe(screen.upper.request$({ concurrency: 1 }), toArray())),
  ).toEqual(['C', 'D'])
  expect(await firstValueFrom(screen.spell.exchange$('ab').pipe(toArray()))).toEqual(['a', 'b'])
  expect(await firstValueFrom(screen.client.send(upperCase, 'e'))).toBe('E')
  expect(screen.client.unwrap()).toBe(screen.link)
  const closed = firstValueFrom(screen.link.state$.pipe(filter(({ status }) => status === 'closed')))
  await app.close()
  expect(await closed).toEqual({ status: 'closed' })
})

it('takes options from a factory, and leaves a link of the application open', async () => {
  const { link, stop } = await startUpper()
  onTestFinished(stop)
  @Module({ providers: [{ provide: 'LINK', useValue: link }], exports: ['LINK'] })
  class LinkModule {}
  const root = AntiphonModule.forRootAsync({
    imports: [LinkModule],
    inject: ['LINK'],
    useFactory: (injected: Link) => ({ link: injected, timeout: 5_000 }),
  })
  const app = await startApp(root)
  expect(app.get(ANTIPHON_LINK)).toBe(link)
  expect(await app.get(Screen).upper.request('a')).toBe('A')
  await app.close()
  expect(await request(link, upperCase, 'b')).toBe('B')
})

it('takes options from a factory without dependencies', async () => {
  const { url, stop } = await startUpper()
  onTestFinished(stop)
  const app = await startApp(AntiphonModule.forRootAsync({ useFactory: async () => ({ url }) }))
  expect(await app.get(Screen).upper.request('a')).toBe('A')
  await app.close()
})

it('has one token for each endpoint, also for two of one name', () => {
  const other = endpoint({ name: 'upper', topic: 'other', request: text, response: text })
  expect(requesterToken(upperCase)).toBe(requesterToken(upperCase))
  expect(requesterToken(upperCase)).not.toBe(requesterToken(other))
})

it('reports the health of the link to Terminus', async () => {
  const { url, stop } = await startUpper()
  // Offline, the link stays offline.
  const connection = { reconnect: { initial: 3_600_000, maximum: 3_600_000 } }
  const health = { maximumOffline: 3_600_000 }
  const app = await startApp(AntiphonModule.forRoot({ url, connection, health }))
  const indicator = app.get(AntiphonHealthIndicator)
  const checks = await app.resolve(HealthCheckService)
  await vi.waitFor(() => expect(indicator.isReady('broker').broker.status).toBe('up'), { timeout: 60_000 })
  expect(
    await checks.check([() => indicator.isLive('broker'), () => indicator.isReady('ready')]),
  ).toMatchObject({
    status: 'ok',
    details: { broker: { status: 'up', link: 'online' }, ready: { status: 'up', pending: 0 } },
  })
  await stop()
  await vi.waitFor(() => expect(indicator.isReady('broker').broker.status).toBe('down'), { timeout: 60_000 })
  expect(indicator.isLive('broker').broker).toMatchObject({ status: 'up', link: 'offline' })
  await expect(checks.check([() => indicator.isReady('broker')])).rejects.toMatchObject({
    response: { status: 'error', error: { broker: { status: 'down', reasons: ['the link is offline'] } } },
  })
  await app.close()
})

it('is a client of ClientsModule, which closes it at shutdown', async () => {
  const { url, stop } = await startUpper()
  onTestFinished(stop)
  class AppModule {}
  Module({
    imports: [ClientsModule.register([{ name: 'UPPER', customClass: AntiphonClient, options: { url } }])],
  })(AppModule)
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false })
  const client = app.get<ClientProxy>('UPPER')
  const states = firstValueFrom(client.status.pipe(filter((status) => status === 'online')))
  await client.connect()
  await client.connect()
  expect(await states).toBe('online')
  const call = firstValueFrom(client.send('missing', {}))
  const failed = expect(call).rejects.toMatchObject({ code: 'link-closed' })
  await app.close()
  await failed
})

it('sends what a record of Nest says of a message', async () => {
  const { link, stop } = await startUpper()
  onTestFinished(stop)
  const received = firstValueFrom(link.messages$('noted').pipe(take(3), toArray()))
  await firstValueFrom(link.subscription$('noted'))
  const client = new AntiphonClient({ link })
  const properties = { userProperties: { trace: '1', tag: ['a', 'b'] } }
  client.emit(
    'noted',
    new MqttRecordBuilder('one').setQoS(0).setRetain(true).setProperties(properties).build(),
  )
  client.emit('noted', new MqttRecordBuilder('two').build())
  client.emit('noted', 'three')
  expect(
    (await received).map(({ qos, userProperties, payload }) => [
      new TextDecoder().decode(payload),
      qos,
      userProperties,
    ]),
  ).toEqual([
    [
      '"one"',
      0,
      [
        ['trace', '1'],
        ['tag', 'a'],
        ['tag', 'b'],
      ],
    ],
    ['"two"', 1, undefined],
    ['"three"', 1, undefined],
  ])
  const wanted = firstValueFrom(link.messages$('wanted'))
  await firstValueFrom(link.subscription$('wanted'))
  client
    .send('wanted', new MqttRecordBuilder({ a: 1 }).setQoS(0).build())
    .subscribe({ error: () => undefined })
  expect((await wanted).qos).toBe(0)
  expect(new TextDecoder().decode((await wanted).payload)).toBe('{"a":1}')
})

it('publishes events to the topic of an endpoint', async () => {
  const { link, stop } = await startUpper()
  onTestFinished(stop)
  const received = firstValueFrom(link.messages$('upper'))
  new AntiphonClient({ link, qos: 0 }).emit(upperCase, 'loud')
  expect(await received).toMatchObject({ qos: 0, payload: new TextEncoder().encode('loud') })
})

it('fails an event that does not encode, and one that the broker cannot get', async () => {
  const { link, stop } = await startUpper()
  onTestFinished(stop)
  const client = new AntiphonClient({ link })
  await expect(firstValueFrom(client.emit(upperCase, 7 as never))).rejects.toMatchObject({ code: 'encode' })
  await expect(firstValueFrom(client.emit('a/+', 7))).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(firstValueFrom(client.send('a/+', 7))).rejects.toMatchObject({ code: 'invalid-argument' })
})

it('keeps a bounded number of endpoints for patterns', async () => {
  const { link, stop } = await startUpper()
  onTestFinished(stop)
  const client = new AntiphonClient({ link, failFast: true })
  const calls = Array.from({ length: 1_001 }, (_, index) => firstValueFrom(client.send(`device/${index}`, 1)))
  expect((await Promise.allSettled(calls)).map(({ status }) => status)).not.toContain('fulfilled')
  await expect(firstValueFrom(client.send('device/0', 1))).rejects.toMatchObject({ code: 'no-responder' })
})

it('rejects options that it does not know', () => {
  expect(() => new AntiphonClient({ url: 'mqtt://localhost', timeOut: 5 } as never)).toThrow(
    'did you mean timeout',
  )
  expect(() => new AntiphonClient({})).toThrow('options.url is missing')
})

it('closes a client that has never connected', async () => {
  await new AntiphonClient({ url: 'mqtt://localhost' }).close()
})
