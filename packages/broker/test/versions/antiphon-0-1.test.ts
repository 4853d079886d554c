import {
  AntiphonError,
  ApplicationError,
  endpoint,
  ignoredRequests$,
  json,
  request$,
  requests$,
  serve,
  text,
  type Link,
  type StandardSchema,
} from '@antiphon/core'
import { readFileSync } from 'node:fs'
import {
  concat,
  firstValueFrom,
  from,
  lastValueFrom,
  NEVER,
  of,
  throwError,
  toArray,
  type Observable,
} from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBroker, type Broker } from '../../src/index.js'
import { dialTcp, type RawClient } from '../conformance/raw-client.js'
import type { AnyPacket } from '../world.js'

type Role = 'requester' | 'responder'

/** The bytes that version 0.1 wrote, by exchange. */
const { exchanges } = JSON.parse(readFileSync(new URL('antiphon-0.1.json', import.meta.url), 'utf8')) as {
  readonly exchanges: Readonly<Record<string, readonly { readonly from: Role; readonly packet: string }[]>>
}
const packetsOf = (exchange: string, role: Role): readonly Buffer[] =>
  (exchanges[exchange] ?? [])
    .filter((one) => one.from === role)
    .map(({ packet }) => Buffer.from(packet, 'hex'))

const numbers: StandardSchema<readonly number[]> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      Array.isArray(value)
        ? { value: value as readonly number[] }
        : { issues: [{ message: 'expected an array' }] },
  },
}
const echo = endpoint({ topic: 'wire/echo', request: text, response: text })
const sum = endpoint({ topic: 'wire/sum', request: json(numbers), response: json.unchecked<number>() })
const count = endpoint({ topic: 'wire/count', request: text, response: text, responses: 'many' })
const slow = endpoint({ topic: 'wire/slow', request: text, response: text })

const connectPacket = {
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 5,
  clientId: 'version 0.1',
  clean: true,
  keepalive: 60,
} as const

let broker: Broker
let link: Link
let earlier: RawClient
beforeEach(async () => {
  broker = createBroker()
  const { port } = await broker.listen({ protocol: 'tcp' })
  link = broker.link({ clientId: 'requester' })
  earlier = await dialTcp(port, 5)
  earlier.send(connectPacket)
  await earlier.next('connack')
})
afterEach(async () => {
  earlier.cut()
  await link.close()
  await broker.close()
})

const isPublish = ({ cmd }: AnyPacket): boolean => cmd === 'publish'

/** Returns the next messages, without the acknowledgements of what the client has sent. */
async function messages(count: number): Promise<readonly AnyPacket[]> {
  const found: AnyPacket[] = []
  while (found.length < count) {
    const packet = await earlier.next()
    if (isPublish(packet)) found.push(packet)
  }
  return found
}

/** What a requester of version 0.1 reads in a message. */
function content({ topic, payload = '', properties = {} }: AnyPacket): unknown {
  const { correlationData, contentType, userProperties } = properties as {
    readonly correlationData?: Buffer
    readonly contentType?: string
    readonly userProperties?: Readonly<Record<string, string>>
  }
  // Texts for people differ, and the control topic is new.
  const { __stMsg: _, __ctlTopic: _topic, ...statuses } = userProperties ?? {}
  return {
    topic,
    payload: payload.toString(),
    correlationData: correlationData?.toString(),
    contentType,
    statuses,
  }
}

/** The payload of the exchange `chunks`, which was recorded with a Maximum Packet Size of 400. */
const large = 'Nächte '.repeat(100)

async function decoded(packets: readonly Buffer[]): Promise<readonly unknown[]> {
  const { parser } = await import('mqtt-packet')
  const reader = parser({ protocolVersion: 5 })
  const found: unknown[] = []
  reader.on('packet', (packet) => found.push(content(packet as unknown as AnyPacket)))
  for (const packet of packets) reader.parse(packet)
  return found
}

describe('a responder of this version', () => {
  const received: string[] = []
  beforeEach(async () => {
    received.length = 0
    const handlers: readonly Observable<unknown>[] = [
      requests$(link, echo).pipe(serve(({ value }) => of(value))),
      requests$(link, sum).pipe(
        serve(({ value }) =>
          value.length === 0
            ? throwError(
                () => new ApplicationError({ code: 'E7', message: 'nothing to add', payload: 'empty' }),
              )
            : of(value.reduce((one, other) => one + other, 0)),
        ),
      ),
      requests$(link, count).pipe(
        serve(({ value }) => {
          received.push(value)
          return value === 'broken'
            ? concat(
                of('1'),
                throwError(() => new Error('broken')),
              )
            : from(['1', '2', '3'])
        }),
      ),
      requests$(link, slow).pipe(
        serve(({ value }) => {
          received.push(value)
          return NEVER
        }),
      ),
    ]
    const topics = [echo, sum, count, slow].map(({ topic }) => topic.template)
    const areSubscribed = topics.map((topic) => firstValueFrom(link.subscription$(topic)))
    for (const handler of handlers) handler.subscribe()
    await Promise.all(areSubscribed)
    await earlier.subscribe('response/requester', { qos: 0 })
  })

  it.each(['response', 'json', 'malformed', 'content-type', 'application-error', 'stream', 'failed-stream'])(
    'responds to a request of version 0.1 as that did: %s',
    async (exchange) => {
      const [request] = packetsOf(exchange, 'requester')
      const expected = packetsOf(exchange, 'responder')
      earlier.send(request ?? '')
      expect((await messages(expected.length)).map(content)).toEqual(await decoded(expected))
    },
  )

  it('sends a requester of version 0.1 no more items than its first credit', async () => {
    const [request, ...grants] = packetsOf('credit', 'requester')
    earlier.send(request ?? '')
    const items = packetsOf('credit', 'responder').slice(0, 2)
    expect((await messages(2)).map(content)).toEqual(await decoded(items))
    const ignored = firstValueFrom(ignoredRequests$(link))
    earlier.send(...grants)
    expect(await ignored).toMatchObject({
      reason: 'invalid',
      detail: 'it is an exchange control message on a request topic',
    })
    expect((await earlier.receiveAll()).filter(isPublish)).toEqual([])
    expect(received).toEqual(['all'])
  })

  it('assembles the request of version 0.1 in chunks', async () => {
    earlier.send(...packetsOf('chunks', 'requester'))
    const [recorded] = await decoded(packetsOf('chunks', 'responder'))
    const [response] = await messages(1)
    expect(content(response as AnyPacket)).toEqual({
      ...(recorded as object),
      payload: large,
      statuses: { __stat: '200' },
    })
  })

  it('sends chunks with the headers of version 0.1 when the response exceeds Maximum Packet Size', async () => {
    const narrow = createBroker({ limits: { packetSize: 400 } })
    const { port } = await narrow.listen({ protocol: 'tcp' })
    const server = narrow.link({ clientId: 'server' })
    const isSubscribed = firstValueFrom(server.subscription$('wire/echo'))
    requests$(server, echo)
      .pipe(serve(({ value }) => of(value)))
      .subscribe()
    await isSubscribed
    const requester = await dialTcp(port, 5)
    requester.send({ ...connectPacket, clientId: 'narrow' })
    await requester.next('connack')
    await requester.subscribe('response/requester', { qos: 0 })
    requester.send(...packetsOf('chunks', 'requester'))
    let payload = ''
    for (let index = 0, count = 1; index < count;) {
      const packet = await requester.next()
      if (!isPublish(packet)) continue
      const { userProperties = {} } = (packet.properties ?? {}) as {
        readonly userProperties?: Readonly<Record<string, string>>
      }
      const header = userProperties['__chunk'] ?? ''
      count = Number(header.split(':')[1])
      expect(header).toBe(`${index}:${count}:800${index === 0 ? ':e9d21b4f' : ''}`)
      payload += (packet.payload ?? '').toString('latin1')
      index++
    }
    expect(Buffer.from(payload, 'latin1').toString()).toBe(large)
    requester.cut()
    await server.close()
    await narrow.close()
  })

  it('does not take the cancel message of version 0.1 for a request', async () => {
    const [request, cancel] = packetsOf('cancel', 'requester')
    const ignored = firstValueFrom(ignoredRequests$(link))
    earlier.send(request ?? '', cancel ?? '')
    expect(await ignored).toMatchObject({ reason: 'invalid' })
    expect(received).toEqual(['x'])
  })
})

describe('a requester of this version', () => {
  /** Sends the recorded responses of an exchange to the next request, with its Correlation Data. */
  async function respond(exchange: string, topic: string): Promise<void> {
    await earlier.subscribe(topic, { qos: 0 })
    void messages(1).then(([request]) => {
      const { correlationData } = (request?.properties ?? {}) as { readonly correlationData?: Buffer }
      const recorded = uuidIn(packetsOf(exchange, 'requester')[0] ?? Buffer.alloc(0))
      for (const packet of packetsOf(exchange, 'responder'))
        earlier.send(
          Buffer.from(packet.toString('latin1').replace(recorded, String(correlationData)), 'latin1'),
        )
    })
  }
  const uuidIn = (packet: Buffer): string =>
    /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/.exec(packet.toString('latin1'))?.[0] ?? ''
  const options = { timeout: 30_000 }

  it('reads the response of a responder of version 0.1', async () => {
    await respond('response', 'wire/echo')
    expect(await lastValueFrom(of('Vienna').pipe(request$(link, echo, options)))).toBe('Vienna')
  })

  it('assembles the response of a responder of version 0.1 in chunks', async () => {
    await respond('chunks', 'wire/echo')
    expect(await lastValueFrom(of(large).pipe(request$(link, echo, options)))).toBe(large)
  })

  it('reads the items of a responder of version 0.1', async () => {
    await respond('stream', 'wire/count')
    const items$ = of('all').pipe(request$(link, count, options), toArray())
    expect(await lastValueFrom(items$)).toEqual(['1', '2', '3'])
  })

  it.each([
    ['malformed', { code: 400, isApplicationError: false }],
    ['content-type', { code: 415, propertyName: 'Content Type', propertyValue: 'text/plain' }],
    [
      'application-error',
      { code: 500, isApplicationError: true, applicationCode: 'E7', applicationPayload: 'empty' },
    ],
  ])('reads the status of a responder of version 0.1: %s', async (exchange, status) => {
    await respond(exchange, 'wire/sum')
    const thrown: unknown = await lastValueFrom(of([1]).pipe(request$(link, sum, options))).catch(
      (error: unknown) => error,
    )
    expect(AntiphonError.from(thrown)).toMatchObject({ code: 'status', status })
  })

  it('reads the items before a failure of a responder of version 0.1', async () => {
    await respond('failed-stream', 'wire/count')
    const items: string[] = []
    const ended = of('broken')
      .pipe(request$(link, count, options))
      .forEach((item) => void items.push(item))
    await expect(ended).rejects.toMatchObject({ code: 'status', status: { code: 500 } })
    expect(items).toEqual(['1'])
  })
})
