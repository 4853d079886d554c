import { text, type AntiphonError } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import {
  filter,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  of,
  toArray,
  VirtualTimeScheduler,
  type Subscription,
} from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  invoke$,
  onCommand,
  rawJson,
  serveCommands,
  type Invocation,
  type InvokeProgress,
} from '../src/index.js'
import { createPlatform, type Platform } from '../src/platform/index.js'
import { door, hello, lamp } from './world.js'

let platform: Platform
let url: string
let mqtt: string
let device: { readonly close: () => Promise<void> } | undefined
let serving: Subscription | undefined

beforeAll(async () => {
  platform = createPlatform({ instances: [lamp, door] })
  ;({ url } = await platform.listenHttp())
  mqtt = (await platform.listen({ protocol: 'tcp' })).url
})
afterEach(async () => {
  serving?.unsubscribe()
  await device?.close()
  device = undefined
})
afterAll(() => platform.close())

const pathOf = (id: string): string => `${url}/20250531/digitalTwinInstances/${id}/actions/invokeRawCommand`
const post = (body: unknown, id = lamp.id): Promise<Response> =>
  fetch(pathOf(id), { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })

/** Connects a device and serves its commands; resolves when it is subscribed. */
async function start(options: Parameters<typeof serveCommands>[1] = {}, instance = lamp): Promise<void> {
  const link = connect(mqtt, {
    protocolVersion: 4,
    clean: false,
    clientId: instance === lamp ? 'lamp' : 'door',
    username: instance.externalKey,
    password: instance.password,
  })
  device = link
  const isSubscribed = firstValueFrom(link.subscription$('iot/v1/cmd/#'))
  serving = serveCommands(link, options).subscribe()
  await isSubscribed
}

/** Returns the text of an invocation whose data nests `depth` levels. */
function nestedBody(depth: number): string {
  const data = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  return JSON.stringify({ ...hello, requestData: null }).replace(
    '"requestData":null',
    `"requestData":${data}`,
  )
}

describe('invoke over HTTP', () => {
  it('answers an invoke with 202, an empty body and an opc-request-id', async () => {
    const response = await post(hello)
    expect(response.status).toBe(202)
    expect(await response.text()).toBe('')
    const id = response.headers.get('opc-request-id') ?? ''
    const record: unknown = await (await fetch(`${url}/20250531/rawCommands/${id}`)).json()
    expect(record).toMatchObject({ id, request_data: { hello: 'world' }, delivery_status: 'REFUSED' })
  })

  it.each<readonly [field: string, body: unknown]>([
    ['requestDataFormat', { ...hello, requestDataFormat: undefined }],
    ['requestDataFormat', { ...hello, requestDataFormat: 'XML' }],
    ['requestEndpoint', { ...hello, requestEndpoint: undefined }],
    ['requestEndpoint', { ...hello, requestEndpoint: 'iot/+/cmd' }],
    ['requestEndpoint', { ...hello, requestEndpoint: '#' }],
    ['requestEndpoint', { ...hello, requestEndpoint: '' }],
    ['requestEndpoint', { ...hello, requestEndpoint: 7 }],
    ['responseEndpoint', { ...hello, responseEndpoint: 'iot/#' }],
    ['requestDuration', { ...hello, requestDuration: '10m' }],
    ['requestDuration', { ...hello, requestDuration: '-PT10M' }],
    ['requestDuration', { ...hello, requestDuration: 'PT-10M' }],
    ['responseDuration', { ...hello, responseDuration: 'PT' }],
    ['responseDuration', { ...hello, responseDuration: 600 }],
    ['requestData', { ...hello, requestData: [1] }],
    ['requestData', { ...hello, requestData: '{}' }],
    ['requestData', { ...hello, requestData: null }],
    ['requestData', { ...hello, requestDataFormat: 'TEXT', requestData: 7 }],
    ['requestData', { ...hello, requestDataFormat: 'BINARY', requestData: 'no base64!' }],
    ['requestData', { ...hello, requestDataFormat: 'TEXT', requestData: 'x'.repeat(256 * 1_024 + 1) }],
    ['requestData', nestedBody(101)],
    ['requestData', nestedBody(50_000)],
    ['requestDataContentType', { ...hello, requestDataContentType: 7 }],
    ['surprise', { ...hello, surprise: true }],
    ['body', []],
    ['body', '{'],
  ])('answers an invalid %s with 400 and its name', async (field, body) => {
    const before = platform.records().length
    const response = await post(body)
    expect(response.status).toBe(400)
    const { code, message } = (await response.json()) as { code: string; message: string }
    expect(code).toBe('InvalidParameter')
    expect(message).toMatch(new RegExp(`^${field}: [^;]+$`))
    expect(platform.records()).toHaveLength(before)
  })

  it('names every invalid field of an invoke in one response', async () => {
    const response = await post({ requestDuration: '10m', responseEndpoint: '+' })
    const { message } = (await response.json()) as { message: string }
    for (const field of ['requestDataFormat', 'requestEndpoint', 'requestDuration', 'responseEndpoint'])
      expect(message).toContain(`${field}: `)
  })

  it.each([
    ['an unknown instance', (): Promise<Response> => post(hello, 'unknown'), 404],
    ['another version', (): Promise<Response> => fetch(`${url}/20240101/rawCommands`), 404],
    ['an unknown record', (): Promise<Response> => fetch(`${url}/20250531/rawCommands/none`), 404],
    ['the wrong method', (): Promise<Response> => fetch(pathOf(lamp.id)), 405],
    ['a body of 600 000 bytes', (): Promise<Response> => post('x'.repeat(600_000)), 413],
  ])('answers %s with an error status', async (_, call, status) => {
    expect((await call()).status).toBe(status)
  })

  it('accepts requestData of exactly 256 KiB', async () => {
    const body = { ...hello, requestDataFormat: 'TEXT', requestData: 'x'.repeat(256 * 1_024) }
    expect((await post(body)).status).toBe(202)
  })
})

describe('serveCommands on the platform over TCP', () => {
  it.each([
    ['a JSON array', 'TEXT', '[1]'],
    ['a number', 'TEXT', '7'],
    ['a string', 'TEXT', '"x"'],
    ['null', 'TEXT', 'null'],
    ['truncated JSON', 'TEXT', '{"shutdown":'],
    ['invalid UTF-8', 'BINARY', '//4='],
    ['an empty payload', 'TEXT', ''],
  ])('responds to %s, and leaves nothing queued or in flight', async (_, requestDataFormat, requestData) => {
    await start()
    const response = await post({ ...hello, requestDataFormat, requestData })
    const id = response.headers.get('opc-request-id') ?? ''
    const done = platform.record(id)?.time_finished !== null
    if (!done)
      await firstValueFrom(
        platform.changes$.pipe(filter((record) => record.id === id && record.time_finished !== null)),
      )
    expect(platform.record(id)).toMatchObject({
      delivery_status: 'COMPLETED',
      response_data: { status: 'acknowledged' },
    })
    const { session } = platform.broker
    await device?.close()
    expect(session('lamp')).toMatchObject({ queued: 0, inFlight: 0 })
  })
})

describe('invoke$', () => {
  const options = (): Parameters<typeof invoke$>[2] => ({ url })

  it('emits PENDING, SENT and COMPLETED, however fast the device responds', async () => {
    await start()
    const progress = await lastValueFrom(invoke$(lamp.id, hello, options()).pipe(toArray()))
    expect(progress.map(({ status }) => status)).toEqual(['PENDING', 'SENT', 'COMPLETED'])
    expect(progress.at(-1)?.record).toMatchObject({ response_data: { status: 'acknowledged' } })
  })

  it('delivers rawJson as it is written, without white space', async () => {
    const payloads: string[] = []
    await start(
      {
        handlers: [
          onCommand({ topic: 'iot/v1/cmd', request: text, response: text }, ({ value }) => {
            payloads.push(value)
            return of('{"serial":12345678901234567890, "gain":1.0}')
          }),
        ],
      },
      door,
    )
    const json = '{ "2": 1.0, "1": 12345678901234567890, "name": "\\u00e9 " }'
    const { record } = await lastValueFrom(
      invoke$(door.id, { ...hello, requestData: rawJson(json) }, options()),
    )
    expect(payloads).toEqual(['{"2":1.0,"1":12345678901234567890,"name":"\\u00e9 "}'])
    const recorded = await (await fetch(`${url}/20250531/rawCommands/${record.id}`)).text()
    expect(recorded).toContain(`"request_data":${payloads[0] ?? ''}`)
    expect(recorded).toContain('"response_data":{"serial":12345678901234567890,"gain":1.0}')
  })

  it('delivers a command once for one retry token', async () => {
    const payloads: string[] = []
    await start(
      {
        handlers: [
          onCommand({ topic: 'iot/v1/cmd', request: text, response: text }, ({ value }) => {
            payloads.push(value)
            return of('"done"')
          }),
        ],
      },
      door,
    )
    const invoked$ = invoke$(door.id, hello, { ...options(), retryToken: 'token-1' })
    const first = await lastValueFrom(invoked$)
    const second = await lastValueFrom(invoked$)
    expect(second.record).toEqual(first.record)
    expect(payloads).toHaveLength(1)
    const other$ = invoke$(door.id, { ...hello, requestData: {} }, { ...options(), retryToken: 'token-1' })
    await expect(lastValueFrom(other$)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('opc-retry-token') as string,
    })
  })

  const failing = async (
    invocation: Partial<Invocation>,
    {
      onProgress = () => undefined,
      ...more
    }: Partial<Parameters<typeof invoke$>[2]> & { readonly onProgress?: () => void } = {},
  ): Promise<readonly unknown[]> => {
    const emitted: InvokeProgress[] = []
    const error: unknown = await new Promise((resolve, reject) =>
      invoke$(lamp.id, { ...hello, ...invocation }, { ...options(), ...more }).subscribe({
        next: (progress) => {
          emitted.push(progress)
          onProgress()
        },
        error: resolve,
        complete: () => reject(new Error('invoke$ completed, but should fail')),
      }),
    )
    return [...emitted.map(({ status }) => status), error]
  }
  const silent = onCommand({ topic: 'iot/v1/cmd', request: text, response: text }, () => NEVER)

  it('fails with no-responder if the device is not subscribed to the endpoint', async () => {
    const [first, second, error] = await failing({ requestEndpoint: 'elsewhere' })
    expect([first, second]).toEqual(['PENDING', 'REFUSED'])
    expect(error).toMatchObject({ code: 'no-responder' })
  })

  it('fails with timeout and the last status in the error', async () => {
    await start({ handlers: [silent] })
    const scheduler = new VirtualTimeScheduler()
    const log = await failing({}, { timeout: 100, scheduler, onProgress: () => scheduler.flush() })
    const error = log.at(-1) as AntiphonError
    expect(error).toMatchObject({ code: 'timeout', cause: { delivery_status: 'PENDING' } })
    expect(error.message).toContain('PENDING')
  })

  it('fails with connection-lost if the platform is unreachable, and invalid-argument if it rejects a field', async () => {
    const nowhere$ = invoke$(lamp.id, hello, { url: 'http://127.0.0.1:1' })
    await expect(lastValueFrom(nowhere$)).rejects.toMatchObject({ code: 'connection-lost' })
    const bad$ = invoke$(lamp.id, { ...hello, requestDuration: '10m' }, options())
    await expect(lastValueFrom(bad$)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('requestDuration') as string,
    })
  })
})
