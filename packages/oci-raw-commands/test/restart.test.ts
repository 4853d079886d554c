import type { Link } from '@antiphon/core'
import { either } from 'fp-ts'
import { firstValueFrom, ReplaySubject, VirtualTimeScheduler } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { serveCommands, type CommandRecord } from '../src/index.js'
import { createPlatform, type Platform, type PlatformStorage } from '../src/platform/index.js'
import { memoryStorage, type MemoryStorage } from './memory-storage.js'
import { door, hello, lamp } from './world.js'

let storage: PlatformStorage & { readonly commands: MemoryStorage }
let scheduler: VirtualTimeScheduler
beforeEach(() => {
  storage = { sessions: memoryStorage(), commands: memoryStorage() }
  scheduler = new VirtualTimeScheduler()
})

/** Starts a platform on the storage; a platform that is not closed before has died. */
async function start(options: { readonly maxRecords?: number } = {}): Promise<Platform> {
  const platform = createPlatform({ instances: [lamp, door], scheduler, storage, ...options })
  await platform.ready
  return platform
}

/** Advances virtual time, and lets promises settle before and after. */
async function advance(milliseconds: number): Promise<void> {
  for (let turn = 0; turn < 40; turn++) {
    scheduler.maxFrames = scheduler.now() + milliseconds / 40
    scheduler.schedule(() => undefined, milliseconds / 40)
    scheduler.flush()
    for (let promise = 0; promise < 5; promise++) await Promise.resolve()
  }
}

function connect(platform: Platform, clientId = 'lamp', { externalKey, password } = lamp): Link {
  return platform.broker.link({
    clientId,
    clean: false,
    sessionExpiryInterval: 1e6,
    username: externalKey,
    password,
  })
}

function invoke(platform: Platform, body: object = {}, retryToken?: string): string {
  const options = retryToken === undefined ? {} : { retryToken }
  const invoked = platform.invoke(lamp.id, { ...hello, ...body }, options)
  if (either.isLeft(invoked)) throw new Error(JSON.stringify(invoked.left))
  return invoked.right
}

/** Connects the lamp, subscribes it to commands, and closes its connection. */
async function register(platform: Platform): Promise<void> {
  const link = connect(platform)
  const subscribed$ = new ReplaySubject<unknown>(1)
  link.subscription$('iot/v1/cmd/#').subscribe(subscribed$)
  const subscribed = firstValueFrom(subscribed$)
  await advance(100)
  await subscribed
  const closed = link.close()
  await advance(100)
  await closed
}

const statusOf = (platform: Platform, id: string): string | undefined => platform.record(id)?.delivery_status

describe('a platform with storage, after its process has died', () => {
  it('delivers a pending command once, and records its response', async () => {
    const first = await start()
    await register(first)
    const id = invoke(first)
    await advance(100)
    expect(statusOf(first, id)).toBe('PENDING')

    const second = await start()
    expect(second.record(id)).toEqual(first.record(id))
    const received: string[] = []
    serveCommands(connect(second)).subscribe((event) => {
      if (event.event === 'received') received.push(new TextDecoder().decode(event.command.payload))
    })
    await advance(1_000)
    expect([statusOf(second, id), received]).toEqual(['COMPLETED', ['{"hello":"world"}']])

    const third = await start()
    expect(third.record(id)).toEqual(second.record(id))
    expect(third.record(id)?.response_data).toMatchObject({ status: 'acknowledged' })
    expect(third.records()).toHaveLength(1)
  })

  it('expires a command whose duration passed in the meantime, and never delivers it', async () => {
    const first = await start()
    await register(first)
    const id = invoke(first, { requestDuration: 'PT10S' })
    await advance(5_000)
    const second = await start()
    const late = invoke(second, { requestDuration: 'PT10S' })
    await advance(6_000)
    const third = await start()
    expect([statusOf(second, id), statusOf(third, id)]).toEqual(['EXPIRED', 'EXPIRED'])
    await advance(6_000)
    const fourth = await start()
    expect(statusOf(fourth, late)).toBe('EXPIRED')
    const received: unknown[] = []
    serveCommands(connect(fourth)).subscribe((event) => received.push(event))
    await advance(1_000)
    expect(received).toEqual([])
  })

  it('awaits the response of a command that was sent, for the rest of its duration', async () => {
    const first = await start()
    // Receives and acknowledges commands without a response.
    connect(first).messages$('iot/v1/cmd/#').subscribe()
    await advance(100)
    const ids = [invoke(first, { responseDuration: 'PT60S' }), invoke(first, { responseDuration: 'PT60S' })]
    await advance(10_000)
    expect(ids.map((id) => statusOf(first, id))).toEqual(['SENT', 'SENT'])

    const second = await start()
    const link = connect(second)
    link.publish$({ topic: 'iot/v1/rsp', payload: Buffer.from('{"on":1.0}'), qos: 1 }).subscribe()
    await advance(1_000)
    expect(ids.map((id) => statusOf(second, id))).toEqual(['COMPLETED', 'SENT'])
    await advance(50_000)
    expect(ids.map((id) => statusOf(second, id))).toEqual(['COMPLETED', 'NOT_RESPONDED'])
  })

  it('remembers retry tokens, and the client identifiers of devices', async () => {
    const first = await start()
    await register(first)
    const id = invoke(first, {}, 'token')
    await advance(100)
    const second = await start()
    expect(invoke(second, {}, 'token')).toBe(id)
    const intruder = connect(second, 'lamp', door)
    const states: string[] = []
    intruder.state$.subscribe({ next: ({ status }) => states.push(status), error: () => undefined })
    await advance(100)
    expect(states.at(-1)).toBe('closed')
    await advance(25 * 3_600_000)
    const third = await start()
    expect(invoke(third, {}, 'token')).not.toBe(id)
  })

  it('removes the oldest finished record of the storage beyond maxRecords', async () => {
    const first = await start()
    const ids = [invoke(first), invoke(first), invoke(first)]
    await advance(100)
    expect(ids.map((id) => statusOf(first, id))).toEqual(['REFUSED', 'REFUSED', 'REFUSED'])
    const second = await start({ maxRecords: 3 })
    const newest = invoke(second)
    await advance(100)
    const third = await start()
    expect(third.records().map(({ id }) => id)).toEqual([...ids.slice(1), newest])
  })
})

describe('a platform whose storage fails', () => {
  it('reports it, and acknowledges a response only when it is stored', async () => {
    const platform = await start()
    const link = connect(platform)
    link.messages$('iot/v1/cmd/#').subscribe()
    await advance(100)
    const id = invoke(platform)
    await advance(100)
    const failures: string[] = []
    platform.storageFailures$.subscribe(({ rawMessage }) => failures.push(rawMessage))
    storage.commands.isFailing = true
    let isAcknowledged = false
    link
      .publish$({ topic: 'iot/v1/rsp', payload: Buffer.from('{}'), qos: 1 })
      .subscribe({ complete: () => (isAcknowledged = true) })
    await advance(500)
    expect([statusOf(platform, id), isAcknowledged, failures]).toEqual([
      'COMPLETED',
      false,
      ['the disk is full'],
    ])
    storage.commands.isFailing = false
    await advance(2_000)
    expect(isAcknowledged).toBe(true)
    expect((await start()).record(id)).toMatchObject({
      delivery_status: 'COMPLETED',
    } satisfies Partial<CommandRecord>)
  })

  it('loses what could not be stored when it is closed', async () => {
    const platform = await start()
    storage.commands.isFailing = true
    const id = invoke(platform)
    const closing = platform.close()
    await advance(2_000)
    await closing
    storage.commands.isFailing = false
    expect((await start()).record(id)).toBeUndefined()
  })

  it('rejects ready and listen if the storage cannot be read', async () => {
    storage.commands.contents.set('c:1', Buffer.from('{'))
    const platform = createPlatform({ instances: [lamp], scheduler, storage })
    await expect(platform.ready).rejects.toThrow('JSON')
    await expect(platform.listen({ protocol: 'tcp' })).rejects.toThrow('JSON')
  })
})
