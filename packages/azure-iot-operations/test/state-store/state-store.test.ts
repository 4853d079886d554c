import { json, type Link } from '@antiphon/core'
import {
  lease$,
  stateStore,
  type LeaseState,
  type StateStoreEntry,
} from '@antiphon/azure-iot-operations/state-store'
import { lastValueFrom, type Observable } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStateStoreWorld, type StateStoreWorld } from './world.js'

let world: StateStoreWorld
let link: Link
beforeEach(async () => {
  world = await openStateStoreWorld()
  link = world.link('press-7')
})
afterEach(() => world.close())

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const result = <T>(source$: Observable<T>): Promise<T> => world.resultOf(lastValueFrom(source$))
const errorOf = (source$: Observable<unknown>): Promise<unknown> =>
  world.resultOf(
    lastValueFrom(source$).then(
      () => undefined,
      (error: unknown) => error,
    ),
  )

describe('stateStore', () => {
  it('sets, reads and deletes bytes', async () => {
    const store = stateStore(link)
    expect(await result(store.get$('a'))).toEqual({ value: undefined, version: undefined })
    const { isSet, version } = await result(store.set$('a', bytes('1')))
    expect([isSet, version]).toEqual([true, expect.stringMatching(/^\d{15}:\d{5}:/)])
    expect(await result(store.get$(bytes('a')))).toEqual({ value: bytes('1'), version })
    expect(await result(store.delete$('a'))).toBe(true)
    expect(await result(store.delete$('a'))).toBe(false)
  })

  it('sets a key under a condition and for a time', async () => {
    const store = stateStore(link, { codec: json.unchecked<number>() })
    expect(
      await result(store.set$('a', 1, { condition: 'absent', expiry: 1_000, isPersistent: true })),
    ).toMatchObject({
      isSet: true,
    })
    expect(await result(store.set$('a', 2, { condition: 'absent' }))).toEqual({
      isSet: false,
      version: undefined,
    })
    expect(await result(store.set$('a', 2, { condition: 'absent-or-equal' }))).toMatchObject({ isSet: false })
    expect(await result(store.set$('a', 1, { condition: 'absent-or-equal', expiry: 1_000 }))).toMatchObject({
      isSet: true,
    })
    await world.advance(500)
    expect([...world.standIn.keys.keys()]).toEqual(['a'])
    await world.advance(1_000)
    expect(await result(store.get$('a'))).toMatchObject({ value: undefined })
  })

  it('deletes a key only if it has a value', async () => {
    const store = stateStore(link)
    await result(store.set$('a', bytes('1')))
    expect(await result(store.vDel$('a', bytes('2')))).toBe(false)
    expect(await result(store.vDel$('a', bytes('1')))).toBe(true)
  })

  it('reports what the store refuses, such as a fencing token that is too old', async () => {
    const store = stateStore(link)
    const first = (await result(store.set$('lock', bytes('1')))).version ?? ''
    const second = (await result(store.set$('lock', bytes('2')))).version ?? ''
    await result(store.set$('a', bytes('1'), { fencingToken: second }))
    expect(await errorOf(store.set$('a', bytes('2'), { fencingToken: first }))).toMatchObject({
      kind: 'execution-error',
      isRemote: true,
      commandName: 'SET',
      rawMessage: 'the state store refuses SET: the fencing token is too old',
    })
    expect(await errorOf(store.delete$('a', { fencingToken: first }))).toMatchObject({ commandName: 'DEL' })
  })

  it.each(['+NO\r\n', ':1\r\n', '$1\r\n', ''])('reports the malformed response %j', async (payload) => {
    const store = stateStore(link)
    world.standIn.respondWith = bytes(payload)
    expect(await errorOf(store.get$('a'))).toMatchObject({ kind: 'invalid-payload', commandName: 'GET' })
    world.standIn.respondWith = bytes(payload)
    expect(await errorOf(store.set$('a', bytes('1')))).toMatchObject({ kind: 'invalid-payload' })
  })

  it('reports values that do not decode or encode, and invalid options', async () => {
    const store = stateStore(link, { codec: json.unchecked<unknown>() })
    await result(stateStore(link).set$('a', bytes('{')))
    expect(await errorOf(store.get$('a'))).toMatchObject({ kind: 'invalid-payload' })
    expect(await errorOf(store.set$('a', 1n))).toMatchObject({ kind: 'invalid-payload', isShallow: true })
    expect(() => store.get$('a', { commandTimeout: 0 })).toThrow('commandTimeout is 0')
    expect(() => store.delete$('a', { fencing: 'x' } as object)).toThrow('did you mean fencingToken?')
    expect(() => store.vDel$('a', 1, { fencingToken: 7 as never })).toThrow('fencingToken is 7')
    expect(await result(store.get$('b', { commandTimeout: 500 }))).toMatchObject({ value: undefined })
    expect(() => stateStore(link, { codec: 7 as never })).toThrow('codec is 7: it must be an object')
    expect(() => store.set$('a', 1, { expiry: 0 })).toThrow('expiry is 0: it must be a number from 1')
  })
})

describe('observe$', () => {
  const record = (source$: Observable<StateStoreEntry<number>>): (number | undefined)[] => {
    const values: (number | undefined)[] = []
    source$.subscribe(({ value }) => values.push(value))
    return values
  }

  it('emits the state of a key and its changes, to all subscribers of one registration', async () => {
    const store = stateStore(link, { codec: json.unchecked<number>() })
    const writer = stateStore(world.link('writer'), { codec: json.unchecked<number>() })
    const first: (number | undefined)[] = []
    const one = store.observe$('a').subscribe(({ value }) => first.push(value))
    await world.advance(10)
    await result(writer.set$('a', 1))
    await result(writer.set$('b', 7))
    const second: (number | undefined)[] = []
    const other = store.observe$(bytes('a')).subscribe(({ value }) => second.push(value))
    await result(writer.delete$('a'))
    await world.advance(10)
    expect([first, second]).toEqual([
      [undefined, 1, undefined],
      [1, undefined],
    ])
    expect([...world.standIn.registrations]).toEqual(['press-7 a'])
    one.unsubscribe()
    await world.advance(10)
    expect(world.standIn.registrations.size).toBe(1)
    other.unsubscribe()
    await world.advance(10)
    expect(world.standIn.registrations.size).toBe(0)
  })

  it('registers again after a reconnect, and emits what changed meanwhile', async () => {
    const reconnecting = world.broker.link({ clientId: 'press-8', maxConnectionAge: 5_000 })
    const store = stateStore(reconnecting, { codec: json.unchecked<number>() })
    const writer = stateStore(world.link('writer'), { codec: json.unchecked<number>() })
    await result(writer.set$('a', 1))
    const values = record(store.observe$('a'))
    await world.advance(10)
    // As if the store had forgotten the client.
    world.standIn.registrations.clear()
    await result(writer.set$('a', 2))
    expect([values, world.standIn.registered()]).toEqual([[1], 1])
    await world.advance(6_000)
    expect([values, world.standIn.registered()]).toEqual([[1, 2], 2])
    await result(writer.set$('a', 3))
    await world.advance(10)
    expect(values).toEqual([1, 2, 3])
    await world.resultOf(reconnecting.close())
  })

  it('ignores malformed notifications, fails if the registration fails, and completes with the link', async () => {
    const store = stateStore(link, { codec: json.unchecked<number>() })
    let hasCompleted = false
    const values: unknown[] = []
    store.observe$('a').subscribe({
      next: ({ value }) => values.push(value),
      complete: () => {
        hasCompleted = true
      },
    })
    await world.advance(10)
    const hex = Buffer.from('press-7').toString('hex').toUpperCase()
    const topic = `clients/statestore/v1/FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8/${hex}/command/notify/61`
    for (const payload of ['', '+OK\r\n', '*1\r\n$6\r\nNOTIFY\r\n'])
      await result(world.link('forger').publish$({ topic, payload: bytes(payload) }))
    world.standIn.respondWith = bytes('-ERR full\r\n')
    expect(await errorOf(store.observe$('b'))).toMatchObject({
      kind: 'execution-error',
      commandName: 'KEYNOTIFY',
    })
    await world.resultOf(link.close())
    expect([values, hasCompleted]).toEqual([[undefined], true])
  })
})

describe('lease$', () => {
  const options = (holder: string): { readonly holder: Uint8Array; readonly leaseDuration: number } => ({
    holder: bytes(holder),
    leaseDuration: 3_000,
  })
  const start = (
    clientId: string,
  ): { readonly states: LeaseState['status'][]; readonly stop: () => void } => {
    const states: LeaseState['status'][] = []
    const subscription = lease$(stateStore(world.link(clientId)), 'leader', options(clientId)).subscribe(
      ({ status }) => states.push(status),
    )
    return { states, stop: () => subscription.unsubscribe() }
  }

  it('elects one leader, renews its lease, and elects another when it resigns', async () => {
    const one = start('one')
    await world.advance(100)
    const other = start('other')
    await world.advance(10_000)
    expect(new Set(one.states)).toEqual(new Set(['held']))
    expect(one.states.length).toBeGreaterThan(8)
    expect(new Set(other.states)).toEqual(new Set(['waiting']))
    one.stop()
    await world.advance(100)
    expect(other.states.at(-1)).toBe('held')
    other.stop()
    await world.advance(100)
    expect(world.standIn.keys.size).toBe(0)
  })

  it('passes a lease on when it ends without a renewal', async () => {
    await result(stateStore(link).set$('leader', bytes('crashed'), { expiry: 2_000 }))
    const { states } = start('one')
    await world.advance(1_900)
    expect(states).toEqual(['waiting'])
    await world.advance(200)
    expect(states).toEqual(['waiting', 'held'])
  })

  it('rejects invalid options', () => {
    expect(() => lease$(stateStore(link), 'leader', { holder: bytes('x'), leaseDuration: 0 })).toThrow(
      'leaseDuration is 0: it must be a number from 1',
    )
  })
})
