import 'reflect-metadata'
import { createBroker, type Broker } from '@antiphon/broker'
import {
  AntiphonError,
  ApplicationError,
  endpoint,
  exchange$,
  request,
  text,
  type Link,
  type OutgoingMessage,
} from '@antiphon/core'
import {
  ANTIPHON_TRANSPORT,
  AntiphonClient,
  AntiphonContext,
  AntiphonExceptionFilter,
  AntiphonServer,
  rpcErrorOf,
  type AntiphonServerOptions,
} from '@antiphon/nestjs'
import {
  Controller,
  HttpException,
  Inject,
  Module,
  NotFoundException,
  Scope,
  UseFilters,
  type LoggerService,
  type Type,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  CONTEXT,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  type RequestContext,
  RpcException,
  Transport,
} from '@nestjs/microservices'
import { filter, firstValueFrom, NEVER, Observable, of, Subject, take, toArray } from 'rxjs'
import { expect, it, onTestFinished, vi } from 'vitest'

/** For `vi.waitFor`, which gives up after a second otherwise. */
const atLast = { timeout: 60_000 }

/** Keeps the warnings. Which errors of handlers Nest logs itself depends on its version. */
class Log implements LoggerService {
  readonly warnings: string[] = []
  readonly log = (): void => undefined
  readonly error = (): void => undefined
  warn(line: string): void {
    this.warnings.push(line)
  }
}

function startBroker(): Broker {
  const broker = createBroker()
  onTestFinished(() => broker.close())
  return broker
}

/** Starts an application with one controller. */
async function start(
  broker: Broker,
  controller: Type,
  options: Partial<AntiphonServerOptions> = {},
): Promise<{ readonly server: AntiphonServer; readonly log: Log; readonly close: () => Promise<void> }> {
  const server = new AntiphonServer({ link: broker.link(), ...options })
  const log = new Log()
  class AppModule {}
  Module({ controllers: [controller] })(AppModule)
  const app = await NestFactory.createMicroservice(AppModule, { strategy: server, logger: log })
  await app.listen()
  onTestFinished(() => app.close())
  return { server, log, close: () => app.close() }
}

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

function publish(
  link: Link,
  message: Partial<OutgoingMessage> & { readonly topic: string },
): Promise<unknown> {
  return firstValueFrom(link.publish$({ payload: bytes(''), qos: 1, ...message }))
}

const stopped$ = new Subject<string>()
const started$ = new Subject<string>()

it('creates controllers of the scope of a request for each request', async () => {
  let created = 0
  @Controller({ scope: Scope.REQUEST })
  class Scoped {
    readonly #context: RequestContext<string, AntiphonContext>

    constructor(@Inject(CONTEXT) context: RequestContext<string, AntiphonContext>) {
      this.#context = context
      created += 1
    }

    @MessagePattern('scoped')
    scoped(): string {
      return `${this.#context.data} on ${this.#context.getContext().getTopic()}`
    }
  }
  const broker = startBroker()
  await start(broker, Scoped)
  const client = new AntiphonClient({ link: broker.link() })
  expect(await firstValueFrom(client.send('scoped', 'a'))).toBe('a on scoped')
  expect(await firstValueFrom(client.send('scoped', 'b'))).toBe('b on scoped')
  expect(created).toBe(2)
})

it('stops a stream when its client unsubscribes', async () => {
  @Controller()
  class Clock {
    @MessagePattern('clock')
    ticks(): Observable<number> {
      return new Observable((subscriber) => {
        subscriber.next(1)
        subscriber.next(2)
        return () => stopped$.next('clock')
      })
    }
  }
  const broker = startBroker()
  await start(broker, Clock)
  const stopped = firstValueFrom(stopped$)
  const client = new AntiphonClient({ link: broker.link() })
  expect(await firstValueFrom(client.send('clock', {}).pipe(take(2), toArray()))).toEqual([1, 2])
  expect(await stopped).toBe('clock')
})

it('aborts the signal of a handler when its client unsubscribes', async () => {
  @Controller()
  class Slow {
    @MessagePattern('slow')
    async wait(@Ctx() context: AntiphonContext): Promise<string> {
      started$.next(context.getTopic())
      return new Promise((resolve) => {
        context.getSignal()?.addEventListener('abort', () => {
          stopped$.next('slow')
          resolve('too late')
        })
      })
    }
  }
  const broker = startBroker()
  await start(broker, Slow)
  const stopped = firstValueFrom(stopped$)
  const started = firstValueFrom(started$)
  const call = new AntiphonClient({ link: broker.link() }).send('slow', {}).subscribe()
  await started
  call.unsubscribe()
  expect(await stopped).toBe('slow')
})

const greet = endpoint({ name: 'greet', topic: 'greet/{language}', request: text, response: text })
const words = endpoint({ name: 'words', topic: 'words', request: text, response: text, responses: 'many' })
const heard = endpoint({ name: 'heard', topic: 'heard/{by}', request: text, response: text })
const heard$ = new Subject<unknown>()

@Controller()
class Greeter {
  @MessagePattern(greet)
  greet(@Payload() name: string, @Ctx() context: AntiphonContext): string {
    return `${context.getParams()['language']}: ${name}`
  }

  @MessagePattern(words)
  words(@Payload() sentence: string): Observable<string> {
    return of(...sentence.split(' '))
  }

  @EventPattern(heard)
  hear(@Payload() what: string, @Ctx() context: AntiphonContext): void {
    const { userProperties, retain } = context.getMessage()
    const { request, signal } = { request: context.getRequest(), signal: context.getSignal() }
    heard$.next({ what, params: context.getParams(), userProperties, retain, request, signal })
  }
}

it('serves endpoints as patterns, for typed clients and for requesters without NestJS', async () => {
  const broker = startBroker()
  await start(broker, Greeter)
  const client = new AntiphonClient({ link: broker.link() })
  const greeting$ = client.send(greet, { params: { language: 'en' }, value: 'Ada' })
  expect(await firstValueFrom(greeting$)).toBe('en: Ada')
  expect(await firstValueFrom(client.send(words, 'a b').pipe(toArray()))).toEqual(['a', 'b'])
  const link = broker.link()
  expect(await request(link, greet, { params: { language: 'de' }, value: 'Ada' })).toBe('de: Ada')
  expect(await firstValueFrom(exchange$(link, words, 'c d').pipe(toArray()))).toEqual(['c', 'd'])
})

it('delivers events to an endpoint, also retained ones', async () => {
  const broker = startBroker()
  const sender = broker.link()
  await publish(sender, { topic: 'heard/radio', payload: bytes('noise'), retain: true })
  const retained = firstValueFrom(heard$)
  await start(broker, Greeter)
  expect(await retained).toMatchObject({ what: 'noise', params: { by: 'radio' }, retain: true })
  const next = firstValueFrom(heard$)
  const client = new AntiphonClient({ link: sender, userProperties: [['trace', '1']] })
  client.emit(heard, { params: { by: 'ear' }, value: 'music' })
  expect(await next).toEqual({
    what: 'music',
    params: { by: 'ear' },
    userProperties: [['trace', '1']],
    retain: false,
    request: undefined,
    signal: undefined,
  })
})

it('delivers what stands for the wildcards of a pattern', async () => {
  const server = new AntiphonServer({ link: startBroker().link() })
  const params$ = new Subject<unknown>()
  const handler = (_: unknown, context: AntiphonContext): void => params$.next(context.getParams())
  server.addHandler('log/#', handler, true)
  server.addHandler('sensor/+/value', handler, true)
  await new Promise<void>((resolve) => server.listen(() => resolve()))
  onTestFinished(() => server.close())
  const params = firstValueFrom(params$.pipe(take(3), toArray()))
  for (const topic of ['log/a/b', 'sensor/hall/value', 'sensor//value'])
    await publish(server.unwrap(), { topic, payload: bytes('1') })
  expect(await params).toEqual([{ rest: 'a/b' }, { level1: 'hall' }, {}])
})

it('rejects two patterns with one name', () => {
  const server = new AntiphonServer({ link: startBroker().link() })
  const handler = async (): Promise<string> => 'x'
  server.addHandler(greet, handler)
  server.addHandler(greet, handler)
  const other = endpoint({ name: 'greet', topic: 'other', request: text, response: text })
  expect(() => server.addHandler(other, handler)).toThrow('two patterns are named greet')
  server.addHandler('words', handler)
  expect(() => server.addHandler(words, handler)).toThrow('two patterns are named words')
})

class Reasons {
  static readonly http = new NotFoundException('no such book')
  static readonly teapot = new HttpException('see other', 302)
  static readonly application = new ApplicationError({ code: 'sold-out', message: 'none left', status: 409 })
}

@Controller()
@UseFilters(new AntiphonExceptionFilter())
class Shop {
  @MessagePattern('shop/http')
  http(): never {
    throw Reasons.http
  }

  @MessagePattern('shop/redirect')
  redirect(): never {
    throw Reasons.teapot
  }

  @MessagePattern('shop/application')
  application(): never {
    throw Reasons.application
  }

  @MessagePattern('shop/rpc')
  rpc(): never {
    throw new RpcException({ statusCode: 410, message: 'gone' })
  }

  @MessagePattern('shop/number')
  number(): never {
    throw new RpcException({ code: 5, details: 'none' })
  }
}

it.each([
  ['shop/http', { code: 404, message: 'no such book', applicationCode: '404' }],
  ['shop/redirect', { code: 500, message: 'see other', applicationCode: '302' }],
  ['shop/application', { code: 409, message: 'none left', applicationCode: 'sold-out' }],
  ['shop/rpc', { code: 410, message: 'gone', applicationCode: 'error' }],
  ['shop/number', { code: 500, message: '{"code":5,"details":"none"}', applicationCode: '5' }],
])('answers the exception of %s with its status', async (pattern, status) => {
  const broker = startBroker()
  await start(broker, Shop)
  const call = firstValueFrom(new AntiphonClient({ link: broker.link() }).send(pattern, {}))
  await expect(call).rejects.toMatchObject({ code: 'status', status })
})

it('answers exceptions of handlers that Nest has not wrapped', async () => {
  const server = new AntiphonServer({ link: startBroker().link() })
  const link = server
  server.addHandler('a', () => {
    throw new RpcException('text')
  })
  server.addHandler('b', () => {
    throw new Error('secret')
  })
  server.addHandler('c', () => {
    throw new RpcException({ message: 7 })
  })
  server.addHandler('d', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    throw new RpcException(cyclic)
  })
  await new Promise<void>((resolve) => link.listen(() => resolve()))
  const client = new AntiphonClient({ link: server.unwrap() })
  onTestFinished(() => server.close())
  const messageOf = (pattern: string): Promise<unknown> =>
    firstValueFrom(client.send(pattern, {})).catch(
      (error: unknown) => AntiphonError.from(error).status?.message,
    )
  expect(await Promise.all(['a', 'b', 'c', 'd'].map(messageOf))).toEqual([
    'text',
    'the handler failed',
    '{"message":7}',
    '[object Object]',
  ])
})

it('shares the requests of a group among its servers, and gives each server those of other patterns', async () => {
  const served: string[] = []
  @Controller()
  class Worker {
    @MessagePattern('work', { group: 'workers' })
    work(): string {
      served.push('work')
      return 'done'
    }

    @EventPattern('$share/loggers/logged')
    logged(): void {
      served.push('logged')
    }

    @EventPattern('all', { qos: 0 })
    all(@Ctx() context: AntiphonContext): void {
      served.push(`all ${context.getMessage().qos}`)
      if (served.filter((line) => line.startsWith('all')).length === 2) stopped$.next('all')
    }
  }
  const broker = startBroker()
  await start(broker, Worker)
  await start(broker, Worker)
  const client = new AntiphonClient({ link: broker.link() })
  const all = firstValueFrom(stopped$)
  for (let count = 0; count < 4; count++) await firstValueFrom(client.send('work', {}).pipe(toArray()))
  client.emit('logged', {})
  client.emit('all', {})
  await all
  await vi.waitFor(() => expect(served.filter((line) => line === 'logged')).toHaveLength(1), atLast)
  expect(served.filter((line) => line === 'work')).toHaveLength(4)
  expect(served.filter((line) => line === 'all 0')).toHaveLength(2)
})

it('lets running handlers finish when the application closes', async () => {
  const release$ = new Subject<string>()
  @Controller()
  class Slow {
    @MessagePattern('slow')
    async wait(): Promise<string> {
      started$.next('request')
      return firstValueFrom(release$)
    }

    @EventPattern('slow-event')
    async event(): Promise<void> {
      started$.next('event')
      await firstValueFrom(release$)
      stopped$.next('event')
    }
  }
  const broker = startBroker()
  const { close } = await start(broker, Slow)
  const client = new AntiphonClient({ link: broker.link() })
  const started = firstValueFrom(started$.pipe(take(2), toArray()))
  const response = firstValueFrom(client.send('slow', {}))
  client.emit('slow-event', {})
  expect((await started).sort()).toEqual(['event', 'request'])
  let isClosed = false
  const unsubscribed = firstValueFrom(
    broker.events$.pipe(filter((event) => event.type === 'unsubscribed' && event.filter === 'slow')),
  )
  const closed = close().then(() => (isClosed = true))
  await unsubscribed
  const failFast = new AntiphonClient({ link: broker.link(), failFast: true })
  await expect(firstValueFrom(failFast.send('slow', {}))).rejects.toMatchObject({ code: 'no-responder' })
  expect(isClosed).toBe(false)
  const stopped = firstValueFrom(stopped$)
  release$.next('finished')
  expect(await response).toBe('finished')
  expect(await stopped).toBe('event')
  await closed
})

it('handles the events that the broker has sent before it has unsubscribed', async () => {
  const broker = startBroker()
  const { url } = await broker.listen({ protocol: 'tcp' })
  const server = new AntiphonServer({ url })
  let handled = 0
  server.addHandler('counted', () => void handled++, true)
  await new Promise<void>((resolve) => server.listen(() => resolve()))
  const link = broker.link()
  await Promise.all(
    Array.from({ length: 20 }, () => publish(link, { topic: 'counted', payload: bytes('1') })),
  )
  await server.close()
  expect(handled).toBe(20)
})

it('closes without waiting for a broker that is away', async () => {
  const broker = startBroker()
  const { url } = await broker.listen({ protocol: 'tcp' })
  const server = new AntiphonServer({ url })
  server.addHandler('counted', () => undefined, true)
  await new Promise<void>((resolve) => server.listen(() => resolve()))
  const offline = firstValueFrom(server.status.pipe(filter((status) => status === 'offline')))
  await broker.close()
  await offline
  await server.close()
  const never = new AntiphonServer({ url })
  never.addHandler('counted', () => undefined, true)
  never.listen(() => undefined)
  await never.close()
})

it('stops handlers of events that do not finish within drainTimeout', async () => {
  @Controller()
  class Endless {
    @EventPattern('endless', { drainTimeout: 1 })
    run(): Observable<never> {
      started$.next('endless')
      return NEVER
    }
  }
  const broker = startBroker()
  const { close } = await start(broker, Endless)
  const started = firstValueFrom(started$)
  new AntiphonClient({ link: broker.link() }).emit('endless', {})
  await started
  await close()
})

it('logs what it ignores, and events that fail', async () => {
  @Controller()
  class Strict {
    @MessagePattern(greet)
    greet(): string {
      return 'hello'
    }

    @EventPattern('strict')
    strict(@Payload() data: { readonly fail: boolean }): void {
      if (data.fail) throw new RpcException('no good')
    }
  }
  const broker = startBroker()
  const { log } = await start(broker, Strict)
  const link = broker.link()
  await publish(link, { topic: 'greet/en' })
  await publish(link, { topic: 'strict', payload: bytes('{') })
  await publish(link, { topic: 'strict', payload: bytes('{"fail":true}') })
  await vi.waitFor(
    () =>
      expect(log.warnings).toEqual([
        'ignored a message on greet/en: it has no Response Topic',
        expect.stringMatching(/^event on strict: /),
        'event on strict: no good',
      ]),
    atLast,
  )
})

it('logs responses that cannot be sent, and the end of its link', async () => {
  @Controller()
  class Late {
    @MessagePattern('late')
    async late(): Promise<string> {
      started$.next('late')
      return firstValueFrom(stopped$)
    }
  }
  const broker = startBroker()
  const link = broker.link()
  const { log } = await start(broker, Late, { link })
  const started = firstValueFrom(started$)
  new AntiphonClient({ link: broker.link() }).send('late', {}).subscribe({ error: () => undefined })
  await started
  await link.close()
  stopped$.next('response')
  await vi.waitFor(() => expect(log.warnings.join()).toContain('late: [link-closed]'), atLast)
})

it('fails to listen if a pattern or an option is invalid, or the broker refuses a subscription', async () => {
  const link = startBroker().link()
  const handler = async (): Promise<string> => 'x'
  const listen = (server: AntiphonServer): Promise<unknown> =>
    new Promise((resolve) => server.listen((error) => resolve(error)))
  const wrongPattern = new AntiphonServer({ link })
  wrongPattern.addHandler('a/#/b', handler)
  expect(await listen(wrongPattern)).toMatchObject({ code: 'invalid-argument' })
  const wrongOptions = new AntiphonServer({ link })
  wrongOptions.addHandler('a', handler, false, { qos: 3 })
  wrongOptions.addHandler('b', handler, false, { concurrency: -1 })
  expect(await listen(wrongOptions)).toMatchObject({ code: 'invalid-argument' })
  const refusing = createBroker({
    authority: { authorizeSubscribe: () => ({ refuse: 0x87 }) },
  })
  onTestFinished(() => refusing.close())
  const refused = new AntiphonServer({ link: refusing.link() })
  refused.addHandler('a', handler, true)
  expect(await listen(refused)).toMatchObject({ code: 'subscribe-refused' })
  await refused.close()
})

it('listens without handlers, closes twice, and listens again', async () => {
  const broker = startBroker()
  const { url } = await broker.listen({ protocol: 'tcp' })
  const server = new AntiphonServer({ url })
  expect(() => server.unwrap()).toThrow('the server has no link: call listen() first')
  for (let times = 0; times < 2; times++) {
    await new Promise<void>((resolve) => server.listen(() => resolve()))
    await firstValueFrom(server.status)
    await server.close()
    await server.close()
  }
})

it.each([
  [{}, 'options.url is missing'],
  [
    { url: 'mqtt://localhost', link: createBroker().link() },
    'options.link is set, and so is url or connection',
  ],
  [{ link: createBroker().link(), connection: {} }, 'options.link is set, and so is url or connection'],
  [{ url: 'mqtt://localhost', grup: 'a' }, 'group'],
  [{ url: 'mqtt://localhost', wire: 'tcp' }, 'options.wire'],
])('rejects the options %j', (options, message) => {
  expect(() => new AntiphonServer(options as never)).toThrow(message)
})

it('has no events of its own', () => {
  expect(() => new AntiphonServer({ url: 'mqtt://localhost' }).on('error')).toThrow(
    'the server has no event error: subscribe to status',
  )
})

it('is the transport of patterns for MQTT on the wire of Nest', () => {
  const url = 'mqtt://localhost'
  expect(new AntiphonServer({ url }).transportId).toBe(ANTIPHON_TRANSPORT)
  expect(new AntiphonServer({ url, wire: 'nest' }).transportId).toBe(Transport.MQTT)
})

it('returns no error of a service for an error of another kind', () => {
  expect(rpcErrorOf(new Error('x'))).toBeUndefined()
  expect(rpcErrorOf(new AntiphonError('timeout', 'x'))).toBeUndefined()
  const status = { code: 500, isApplicationError: true, applicationPayload: 'text' }
  expect(rpcErrorOf(new AntiphonError('status', 'x', { status }))).toBe('text')
})
