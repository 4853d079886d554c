import { createBroker } from '@antiphon/broker'
import {
  endpoint,
  json,
  bytes,
  requests$,
  request,
  serve,
  text,
  topicParams,
  withProperties,
  type Endpoint,
  type Link,
} from '@antiphon/core'
import type { ExchangeEvent } from '@antiphon/core/events'
import { inspect, observeMessages, type InspectOptions } from '@antiphon/inspector'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { firstValueFrom, of, throwError } from 'rxjs'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { replay } from '../src/server/replay.js'
import { thermostat } from './exchanges.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const event: ExchangeEvent = { kind: 'closed', side: 'link', at: 1, client: 'c', link: 'l' }

/** Resolves with the messages until one satisfies a condition. */
function messagesUntil(socket: WebSocket, isLast: (value: unknown) => boolean): Promise<readonly unknown[]> {
  const values: unknown[] = []
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer) => {
      const value = JSON.parse(data.toString()) as unknown
      values.push(value)
      if (isLast(value)) resolve(values)
    })
  })
}

/** Resolves with the status of a GET. */
function statusOf(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(url)
    httpRequest({ port, host: '127.0.0.1', path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

it('sends the events before and after a page connects', async () => {
  const { url, sink, close } = await inspect()
  sink(event)
  const socket = new WebSocket(url.replace('http', 'ws'))
  const received = messagesUntil(socket, (value) => Array.isArray(value) && value.length === 2)
  await once(socket, 'message')
  await new Promise((resolve) => setImmediate(resolve))
  sink(event)
  sink(event)
  expect(await received).toEqual([{ canSend: false }, [event], [event, event]])
  // Without a link it ignores requests to send.
  socket.send('{}')
  await close()
  await once(socket, 'close')
})

it.each<[why: string, change: (url: URL) => void, headers: Record<string, string>]>([
  ['a wrong token', (url) => url.searchParams.set('token', '0'.repeat(32)), {}],
  ['a token of another length', (url) => url.searchParams.set('token', '0'), {}],
  ['no token', (url) => url.searchParams.delete('token'), {}],
  ['another origin', () => undefined, { origin: 'http://evil.example' }],
  ['another host', () => undefined, { host: 'evil.example' }],
])('refuses a connection with %s', async (_, change, headers) => {
  const { url, close } = await inspect()
  const changed = new URL(url.replace('http', 'ws'))
  change(changed)
  const socket = new WebSocket(changed, { headers })
  const [error] = (await once(socket, 'error')) as [Error]
  expect(error.message).toContain('403')
  await close()
})

it('serves only the files of the page', async () => {
  const { url, close } = await inspect()
  for (const path of [
    '/../package.json',
    '/assets/../../package.json',
    '/style.png',
    '/%2e%2e/a.js',
    '/missing.js',
  ])
    expect(await statusOf(url, path)).toBe(404)
  await close()
})

it('rejects options that are not known, and a port that is in use', async () => {
  await expect(inspect({ ports: 1 } as never)).rejects.toThrow('did you mean port?')
  const { url, close } = await inspect()
  await expect(inspect({ port: Number(new URL(url).port) })).rejects.toThrow('EADDRINUSE')
  await close()
})

it('sends a request again, and reports its response, its failure, and a request that is not valid', async () => {
  const broker = createBroker()
  const payloads: string[] = []
  requests$(broker.link(), echo)
    .pipe(
      serve(({ value }) => {
        payloads.push(value)
        return value === 'bad' ? throwError(() => new Error('no')) : of(value)
      }),
    )
    .subscribe()
  const link = broker.link()
  const { url, close } = await inspect({ link })
  const socket = new WebSocket(url.replace('http', 'ws'))
  const results = (count: number): Promise<readonly unknown[]> => {
    let seen = 0
    return messagesUntil(socket, (value) => {
      if ((value as { readonly result?: string }).result !== undefined) seen++
      return seen === count
    })
  }
  const all = results(4)
  await once(socket, 'open')
  socket.send(JSON.stringify({ topic: 'echo', payload: 'hi', contentType: 'text/plain' }))
  socket.send(
    JSON.stringify({ topic: 'echo', payload: 'YmFk', payloadEncoding: 'base64', contentType: 'text/plain' }),
  )
  socket.send(JSON.stringify({ topic: 'echo' }))
  socket.send('no json')
  const texts = (await all).map((value) => (value as { readonly result?: string }).result ?? '')
  expect(texts).toContain('responded')
  expect(texts.join('\n')).toContain('[status]')
  expect(texts.join('\n')).toContain('topic or payload is missing')
  expect(payloads.sort()).toEqual(['bad', 'hi'])
  await close()
  await broker.close()
})

it('sends requests by their contract, and none that their codec rejects', async () => {
  const broker = createBroker()
  const served: unknown[] = []
  requests$(broker.link(), thermostat)
    .pipe(
      serve(({ value, params }) => {
        served.push({ value, params })
        return of(`${params.room} ${value.target}`)
      }),
    )
    .subscribe()
  const blob = endpoint({ name: 'bytes', topic: 'bytes', request: bytes, response: bytes })
  requests$(broker.link(), blob)
    .pipe(serve(({ value }) => of(value)))
    .subscribe()
  const data = endpoint({ name: 'data', topic: 'data', request: text, response: json.unchecked<object>() })
  requests$(broker.link(), data)
    .pipe(serve(({ value }) => of({ value })))
    .subscribe()
  const onTopic = endpoint({
    name: 'on-topic',
    topic: 'in/{id}',
    responseTopic: 'out/{id}',
    request: text,
    response: text,
    correlation: topicParams({ id: 'number' }),
  })
  requests$(broker.link(), onTopic)
    .pipe(serve(({ value }) => of(value)))
    .subscribe()
  const endpoints = [thermostat, blob, data, onTopic] as unknown as readonly Endpoint[]
  const { url, close } = await inspect({ link: broker.link(), endpoints })
  const socket = new WebSocket(url.replace('http', 'ws'))
  const [hello] = (await once(socket, 'message')) as [Buffer]
  const offered = JSON.parse(hello.toString()) as { readonly endpoints: readonly object[] }
  expect(offered.endpoints[0]).toEqual({
    name: 'thermostat',
    topic: 'rooms/{room}/thermostat',
    parameters: ['room'],
    contentType: 'application/json',
  })
  expect(offered.endpoints.at(-1)).toMatchObject({ topic: 'in/{id}', parameters: [] })
  const sent = async (request: object): Promise<unknown> => {
    socket.send(JSON.stringify(request))
    const [message] = (await once(socket, 'message')) as [Buffer]
    return (JSON.parse(message.toString()) as { readonly result: unknown }).result
  }
  const params = { room: 'kitchen' }
  expect(await sent({ endpoint: 'thermostat', params, value: '{"target":21}' })).toBe('responded: kitchen 21')
  expect(await sent({ endpoint: 'bytes', params: {}, value: 'hi' })).toBe('responded: 6869')
  expect(await sent({ endpoint: 'on-topic', params: {}, value: 'hi' })).toBe('responded: hi')
  expect(await sent({ endpoint: 'data', params: {}, value: 'hi' })).toBe('responded: {"value":"hi"}')
  expect(await sent({ endpoint: 'thermostat', params, value: '{"target":"warm"}' })).toMatch(
    /target[^]*it must be a number/,
  )
  expect(await sent({ endpoint: 'thermostat', params: {}, value: '{"target":21}' })).toContain('room')
  expect(await sent({ endpoint: 'thermostat', params, value: 'no json' })).toContain('JSON')
  expect(await sent({ endpoint: 'lamp', params, value: '1' })).toBe('there is no endpoint lamp')
  expect(await sent({ endpoint: 'thermostat', params: { room: 7 }, value: '1' })).toContain('is not a text')
  expect(served).toEqual([{ value: { target: 21 }, params }])
  await close()
  await broker.close()
})

it.each<[string, InspectOptions, string]>([
  ['endpoints without a link', { endpoints: [echo] }, 'needs options.link'],
  ['endpoints of one name', { link: {} as Link, endpoints: [echo, echo] }, 'a name of its own'],
  ['what is no endpoint', { link: {} as Link, endpoints: [{} as Endpoint] }, 'an array of endpoints'],
  ['no array of endpoints', { link: {} as Link, endpoints: {} as never }, 'an array of endpoints'],
  ['a trace URL of another scheme', { traceUrl: 'javascript:alert({traceId})' }, 'http://'],
  ['a trace URL without a trace id', { traceUrl: 'http://localhost/' }, '{traceId}'],
])('rejects %s', async (_, options, message) => {
  await expect(inspect(options)).rejects.toThrow(message)
})

it('tells its page whether the events are those of a recording, and where traces are', async () => {
  const traceUrl = 'http://localhost:16686/trace/{traceId}'
  const { url, close } = await inspect({ recorded: true, traceUrl })
  const socket = new WebSocket(url.replace('http', 'ws'))
  const [hello] = (await once(socket, 'message')) as [Buffer]
  expect(JSON.parse(hello.toString())).toEqual({ canSend: false, traceUrl, isRecording: true })
  await close()
})

it('replays bytes without a content type', async () => {
  const broker = createBroker()
  const link = broker.link()
  const message = firstValueFrom(broker.link().messages$('raw'))
  await new Promise((resolve) => setImmediate(resolve))
  const sent = replay(link, { topic: 'raw', payload: 'x' }, () => undefined)
  expect(await message).toMatchObject({ topic: 'raw', contentType: 'application/octet-stream' })
  sent.unsubscribe()
  await broker.close()
})

it('pairs requests and responses of several filters', async () => {
  const broker = createBroker()
  const events: ExchangeEvent[] = []
  const link = broker.link()
  requests$(link, echo)
    .pipe(serve(({ value }) => of(value)))
    .subscribe()
  const filter = ['echo', 'response/#']
  const observation = observeMessages(broker.link(), (each) => events.push(each), { filter })
  await request(broker.link({ clientId: 'phone' }), echo, 'hi')
  await request(broker.link({ clientId: 'phone' }), echo, 'hi')
  observation.unsubscribe()
  expect(events.map(({ kind }) => kind)).toEqual([
    'sent',
    'received',
    'settled',
    'sent',
    'received',
    'settled',
  ])
  await broker.close()
})

it('reports a filter that is not valid, or that the broker refuses', async () => {
  const broker = createBroker({ authority: { authorizeSubscribe: () => ({ refuse: 0x87 }) } })
  const link = broker.link()
  const error = await new Promise((resolve) => {
    observeMessages(link, () => undefined, { filter: 'secret/#', onError: resolve })
  })
  expect(error).toMatchObject({ code: 'subscribe-refused' })
  expect(() => observeMessages(link, () => undefined, { filter: [1] as never })).toThrow('options.filter')
  await broker.close()
})

it('derives events from the messages on a broker', async () => {
  const broker = createBroker()
  const events: ExchangeEvent[] = []
  const observer = broker.link()
  const observation = observeMessages(observer, (each) => events.push(each), { payloadBytes: 10 })
  const failing = endpoint({ topic: 'failing', request: text, response: text })
  requests$(broker.link(), echo)
    .pipe(serve(({ value }) => of(withProperties(value, { userProperties: [['x', 'y']] }))))
    .subscribe()
  requests$(broker.link(), failing)
    .pipe(serve(() => throwError(() => new Error('no'))))
    .subscribe()
  const link = broker.link()
  await request(link, echo, 'hi')
  await request(link, failing, 'hi').catch(() => undefined)
  const correlationData = new Uint8Array([255])
  await firstValueFrom(link.publish$({ topic: 'a', payload: new Uint8Array([255]), correlationData }))
  await firstValueFrom(link.publish$({ topic: 'b', payload: new Uint8Array() }))
  const properties = { responseTopic: 'r', correlationData }
  for (let attempt = 0; attempt < 2; attempt++)
    await firstValueFrom(link.publish$({ topic: 'c', payload: new Uint8Array(), ...properties }))
  const accepted = [
    ['__stat', '202'],
    ['__ctlTopic', 'c'],
  ] as const
  for (const userProperties of [accepted, [['__stream', '0']], [['__stream', '1:last']]] as const)
    await firstValueFrom(
      link.publish$({ topic: 'r', payload: new Uint8Array(), correlationData, userProperties }),
    )
  await observer.close()
  observation.unsubscribe()
  expect(events.map(({ kind }) => kind)).toEqual([
    'sent',
    'received',
    'settled',
    'sent',
    'received',
    'settled',
    'unmatched',
    'sent',
    'retried',
    'received',
    'received',
    'received',
    'settled',
  ])
  expect(events[0]).toMatchObject({ endpoint: 'echo', message: { payload: 'hi', contentType: 'text/plain' } })
  expect(events[5]).toMatchObject({ outcome: 'failed', status: 500 })
  expect(events[6]).toMatchObject({
    correlation: 'ff',
    message: { payload: '/w==', payloadEncoding: 'base64' },
  })
  await broker.close()
})
