import {
  ApplicationError,
  endpoint,
  inOrder,
  json,
  payloadField,
  requests$,
  serve,
  text,
  unmatchedResponses$,
  withMessage,
  type Handler,
  type Link,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { durableRequests, memoryStore, type DurableStore } from '@antiphon/durable'
import * as t from 'io-ts'
import { NEVER, of } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  counts,
  failingStore,
  notedOutcomes,
  orders,
  rejection,
  reopened,
  tea,
  virtualWorld,
  type World,
} from '../world.js'

let world: World
let store: DurableStore
beforeEach(() => {
  world = virtualWorld()
  store = memoryStore()
})

type OrderHandler = Handler<NonNullable<(typeof orders)['types']>>

/** Starts a responder and returns what its handler was called with. */
function startResponder(handler: OrderHandler = ({ value }) => of(`${value} ordered`)): string[] {
  const handled: string[] = []
  requests$(world.link('responder'), orders)
    .pipe(
      serve((request) => {
        handled.push(request.value)
        return handler(request)
      }),
    )
    .subscribe()
  return handled
}

const start = (
  link: Link,
  options: Partial<Parameters<typeof durableRequests>[2]> = {},
): ReturnType<typeof durableRequests<NonNullable<(typeof orders)['types']>>> =>
  durableRequests(link, orders, { store: reopened(store), ...options })

const entriesOf = async (): Promise<readonly string[]> => {
  const keys: string[] = []
  for await (const [key] of store.load()) if (key.includes('"key"')) keys.push(key)
  return keys
}

describe('durableRequests', () => {
  it('sends a request, emits its response and removes it when it is acknowledged', async () => {
    const handled = startResponder()
    const requests = start(world.link('till'))
    const { notes, outcomes } = notedOutcomes(requests)
    await world.advance()
    const sent = requests.send('order-17', tea)
    await world.advance()
    await sent
    await world.advance()
    expect([handled, notes]).toEqual([['tea'], ['order-17: tea ordered']])
    expect(await entriesOf()).toHaveLength(1)
    await outcomes[0]?.acknowledge()
    await outcomes[0]?.acknowledge()
    expect(await entriesOf()).toEqual([])
  })

  it('writes a request before it is sent, and resolves only then', async () => {
    let finish = (): void => undefined
    const slow: DurableStore = {
      ...store,
      commit: async (changes) => {
        if (changes.some(({ key }) => key.includes('order-17')))
          await new Promise<void>((resolve) => (finish = resolve))
        await store.commit(changes)
      },
    }
    const requests = start(world.link('till'), { store: slow })
    let isSent = false
    void requests.send('order-17', tea).then(() => (isSent = true))
    await world.advance(1_000)
    expect([isSent, world.published('orders/vienna')]).toEqual([false, []])
    finish()
    await world.advance()
    expect([isSent, world.published('orders/vienna').length]).toEqual([true, 1])
  })

  it('sends a request again after a restart with the same correlation, response topic and payload', async () => {
    const first = world.link('till')
    void start(first).send('order-17', tea)
    await world.advance()
    await world.stop(first)
    await world.advance(60_000)
    const handled = startResponder()
    const { notes } = notedOutcomes(start(world.link('till')))
    await world.advance()
    const [before, after] = world.published('orders/vienna')
    expect(after?.correlationData).toEqual(before?.correlationData)
    expect(after?.responseTopic).toBe(before?.responseTopic)
    expect(after?.responseTopic).toMatch(/^response\/[\da-f-]{36}$/)
    expect(after?.payload).toEqual(before?.payload)
    expect([after?.messageExpiryInterval, before?.messageExpiryInterval]).toEqual([3_539, 3_600])
    expect([handled, notes]).toEqual([['tea'], ['order-17: tea ordered']])
  })

  it('lets the responder recognise a request that is sent again after a restart', async () => {
    const handled = startResponder()
    const first = world.link('till')
    const killed = start(first, { store: { ...store, commit: (changes) => onlyRequests(changes) } })
    const onlyRequests = (changes: Parameters<DurableStore['commit']>[0]): Promise<void> =>
      // The process is killed when the response has arrived and is not written yet.
      world.published('orders/vienna').length > 0 ? new Promise(() => undefined) : store.commit(changes)
    void killed.send('order-17', tea)
    await world.advance()
    await world.stop(first)
    const { notes } = notedOutcomes(start(world.link('till')))
    await world.advance()
    expect(world.published('orders/vienna')).toHaveLength(2)
    expect([handled, notes]).toEqual([['tea'], ['order-17: tea ordered']])
  })

  it('takes a response that the broker kept while the process was away, without sending again', async () => {
    let respond = (): void => undefined
    startResponder(() => new Promise((resolve) => (respond = () => resolve('ordered at last'))))
    const first = world.link('till')
    void start(first).send('order-17', tea)
    await world.advance()
    await world.stop(first)
    respond()
    await world.advance(5_000)
    const link = world.link('till')
    const unmatched: unknown[] = []
    unmatchedResponses$(link).subscribe((response) => unmatched.push(response))
    const { notes } = notedOutcomes(start(link))
    await world.advance()
    expect(notes).toEqual(['order-17: ordered at last'])
    expect([unmatched, world.published('orders/vienna').length]).toEqual([[], 1])
  })

  it('sends a request again until a responder is there', async () => {
    const requests = start(world.link('till'), { attemptTimeout: 1_000 })
    const { notes } = notedOutcomes(requests)
    void requests.send('order-17', tea)
    await world.advance()
    await world.advance(5_500)
    expect(world.published('orders/vienna')).toHaveLength(6)
    startResponder()
    await world.advance(1_000)
    expect(notes).toEqual(['order-17: tea ordered'])
  })

  it('does not send a request whose deadline passed while the process was away', async () => {
    const first = world.link('till')
    world.broker.down()
    void start(first, { timeout: 1_000 }).send('order-17', tea)
    await world.advance()
    await world.stop(first)
    world.broker.up()
    await world.advance(1_000)
    const { notes } = notedOutcomes(start(world.link('till')))
    await world.advance(10_000)
    expect(world.published('orders/vienna')).toEqual([])
    expect(notes).toEqual([
      'order-17: [timeout] orders: no response to the request order-17 before its deadline. This process has not sent it; an earlier one may have',
    ])
  })

  it('ends a request at its deadline while the broker is away', async () => {
    world.broker.down()
    const requests = start(world.link('till'))
    const { notes } = notedOutcomes(requests)
    void requests.send('order-17', tea, { timeout: 1_000 })
    await world.advance()
    await world.advance(999)
    expect(notes).toEqual([])
    await world.advance(1)
    expect(notes).toHaveLength(1)
    world.broker.up()
    await world.advance(5_000)
    expect(world.published('orders/vienna')).toEqual([])
  })

  it('ends a request that was sent at its deadline', async () => {
    const requests = start(world.link('till'), { timeout: 2_000 })
    const { notes } = notedOutcomes(requests)
    void requests.send('order-17', tea)
    await world.advance()
    await world.advance(2_000)
    expect(notes[0]).toMatch(/^order-17: \[timeout\] orders: no response within 2000 ms/)
  })

  it('emits an outcome again after a restart until it is acknowledged', async () => {
    startResponder()
    const first = world.link('till')
    void start(first).send('order-17', tea)
    await world.advance()
    await world.stop(first)
    const second = world.link('till')
    const { notes, outcomes } = notedOutcomes(start(second))
    await world.advance()
    expect(notes).toEqual(['order-17: tea ordered'])
    await outcomes[0]?.acknowledge()
    await world.stop(second)
    const third = notedOutcomes(start(world.link('till')))
    await world.advance()
    expect(third.notes).toEqual([])
  })

  it('keeps the error of a request over a restart', async () => {
    startResponder(() => {
      throw new ApplicationError({
        code: 'sold-out',
        message: 'no tea today',
        payload: '{"next":"tomorrow"}',
      })
    })
    const first = world.link('till')
    void start(first).send('order-17', tea)
    await world.advance()
    await world.stop(first)
    const { outcomes } = notedOutcomes(start(world.link('till')))
    await world.advance()
    expect(outcomes[0]?.result).toMatchObject({
      left: {
        code: 'status',
        endpoint: 'orders',
        status: { applicationCode: 'sold-out', applicationPayload: '{"next":"tomorrow"}' },
      },
    })
  })

  it('changes nothing when the same request is sent again, before and after its outcome', async () => {
    startResponder()
    const requests = start(world.link('till'))
    const { notes, outcomes } = notedOutcomes(requests)
    void Promise.all([requests.send('order-17', tea), requests.send('order-17', tea)])
    await world.advance()
    await requests.send('order-17', { params: { shop: 'vienna' }, value: 'tea' })
    await world.advance()
    expect([world.published('orders/vienna').length, notes]).toEqual([1, ['order-17: tea ordered']])
    await outcomes[0]?.acknowledge()
    await requests.send('order-17', { ...tea, value: 'coffee' })
    await world.advance()
    expect(notes).toEqual(['order-17: tea ordered', 'order-17: coffee ordered'])
  })

  it('rejects another request under a key that is in use', async () => {
    startResponder()
    const requests = start(world.link('till'))
    await world.advance()
    void requests.send('order-17', tea)
    await world.advance()
    const fault =
      '[invalid-argument] another request to orders has the key order-17: acknowledge its outcome first, or use another key'
    expect(await rejection(requests.send('order-17', { ...tea, value: 'coffee' }))).toBe(fault)
    expect(await rejection(requests.send('order-17', { ...tea, params: { shop: 'graz' } }))).toBe(fault)
  })

  it('rejects a request that cannot be sent, and stores nothing', async () => {
    const requests = start(world.link('till'))
    const faults = [
      await rejection(requests.send('a', { ...tea, value: 1 as never })),
      await rejection(requests.send('b', { ...tea, params: { shop: 'a/b' } })),
      await rejection(requests.send('c', { value: 'tea' } as never)),
      await rejection(requests.send(1 as never, tea)),
      await rejection(requests.send('d', tea, { timeout: 0 })),
    ]
    expect(faults.map((fault) => /^\[[a-z-]+\]/.exec(fault)?.[0])).toEqual([
      '[encode]',
      ...Array.from({ length: 4 }, () => '[invalid-argument]'),
    ])
    expect(faults[2]).toBe('[invalid-argument] a request to orders has no params: pass { params, value }')
    expect(await entriesOf()).toEqual([])
  })

  it('rejects requests beyond maxRequests until outcomes are acknowledged', async () => {
    startResponder()
    const requests = start(world.link('till'), { maxRequests: 1 })
    const { outcomes } = notedOutcomes(requests)
    void requests.send('order-17', tea)
    await world.advance()
    expect(await rejection(requests.send('order-18', tea))).toBe(
      '[overflow] cannot store the request order-18: the store has 1 requests to orders; acknowledge their outcomes, slow down, or raise maxRequests',
    )
    await outcomes[0]?.acknowledge()
    expect(await rejection(requests.send('order-18', tea))).toBe('resolved')
  })

  it('keeps requests that the queue of the link has no room for', async () => {
    const handled = startResponder()
    const link = world.link('till', { queue: { messages: 2 } })
    const requests = start(link)
    const { notes } = notedOutcomes(requests)
    void requests.send('first', tea)
    await world.advance()
    world.broker.down({ sessions: 'lose' })
    await world.advance(10)
    for (const key of ['a', 'b', 'c', 'd', 'e']) void requests.send(key, { ...tea, value: key })
    await world.advance(10)
    world.broker.up()
    for (let second = 0; second < 40; second++) await world.advance(1_000)
    expect(handled.slice(1).sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(notes).toHaveLength(6)
  })

  it('cancels a request, at its responder too', async () => {
    let isAborted = false
    startResponder(({ signal }) => {
      signal.addEventListener('abort', () => (isAborted = true))
      return NEVER
    })
    const requests = start(world.link('till'))
    const { notes } = notedOutcomes(requests)
    void requests.send('order-17', tea)
    await world.advance(500)
    expect(await requests.keys()).toEqual(['order-17'])
    expect([await requests.cancel('order-17'), await requests.cancel('order-17')]).toEqual([true, false])
    await world.advance(500)
    expect([isAborted, notes, await requests.keys(), await entriesOf()]).toEqual([true, [], [], []])
  })

  it('counts a request as one without an outcome until that is written and emitted', async () => {
    startResponder()
    let finish = (): void => undefined
    const slow: DurableStore = {
      ...store,
      commit: async (changes) => {
        if (world.published('orders/vienna').length > 0)
          await new Promise<void>((resolve) => (finish = resolve))
        await store.commit(changes)
      },
    }
    const requests = start(world.link('till'), { store: slow })
    const { notes } = notedOutcomes(requests)
    void requests.send('order-17', tea)
    await world.advance()
    expect([await requests.keys(), await requests.cancel('order-17'), notes]).toEqual([
      ['order-17'],
      false,
      [],
    ])
    finish()
    await world.advance()
    expect([await requests.keys(), notes]).toEqual([[], ['order-17: tea ordered']])
  })

  it('does not cancel requests when it is closed, and continues them in the same process', async () => {
    let isAborted = false
    let respond = (): void => undefined
    startResponder(({ signal }) => {
      signal.addEventListener('abort', () => (isAborted = true))
      return new Promise((resolve) => (respond = () => resolve('done')))
    })
    const link = world.link('till')
    const requests = durableRequests(link, orders, { store })
    const first = notedOutcomes(requests)
    void requests.send('order-17', tea)
    await world.advance(500)
    await requests.close()
    await requests.close()
    await world.advance(500)
    expect([isAborted, first.notes]).toEqual([false, ['complete']])
    const closed = '[cancelled] the durable requests are closed'
    expect(await rejection(requests.send('order-18', tea))).toBe(closed)
    expect(await rejection(requests.keys())).toBe(closed)
    const { notes } = notedOutcomes(durableRequests(link, orders, { store }))
    await world.advance()
    respond()
    await world.advance()
    expect(notes).toEqual(['order-17: done'])
  })

  it('keeps the requests of several endpoints in one store', async () => {
    startResponder()
    requests$(world.link('counter'), counts)
      .pipe(serve(({ value }) => of(value)))
      .subscribe()
    const link = world.link('till')
    const first = durableRequests(link, orders, { store })
    const second = durableRequests(link, counts, { store })
    const noted = [notedOutcomes(first), notedOutcomes(second)]
    void first.send('a', tea)
    void second.send('a', 7)
    await world.advance()
    expect(noted.map(({ notes }) => notes)).toEqual([['a: tea ordered'], ['a: 7']])
  })

  it('keeps the field of a payload correlation over a restart', async () => {
    const readings = endpoint({
      topic: 'readings',
      responseTopic: 'readings/response',
      request: json(t.type({ id: t.string, sensor: t.string })),
      response: json(t.type({ id: t.string, value: t.number })),
      correlation: payloadField('id'),
    })
    const first = world.link('till', { protocolVersion: 4 })
    void durableRequests(first, readings, { store: reopened(store) }).send('a', { sensor: 'north' })
    await world.advance()
    await world.stop(first)
    requests$(world.link('responder'), readings)
      .pipe(serve(() => of({ value: 20 })))
      .subscribe()
    const requests = durableRequests(world.link('till', { protocolVersion: 4 }), readings, {
      store: reopened(store),
    })
    const { outcomes } = notedOutcomes(requests)
    await requests.send('a', { sensor: 'north' })
    await world.advance()
    expect(outcomes[0]?.result).toMatchObject({ right: { value: 20 } })
    const sent = world.published('readings').map(({ payload }) => new TextDecoder().decode(payload))
    expect(sent[1]).toBe(sent[0])
  })

  it('subscribes to the response topics of an endpoint that has its own', async () => {
    const unlock = endpoint({
      topic: 'cars/{car}/unlock',
      responseTopic: 'phones/{phone}/unlocked',
      request: text,
      response: text,
    })
    requests$(world.link('responder'), unlock)
      .pipe(serve(({ params }) => of(`${params.car} unlocked`)))
      .subscribe()
    const link = world.link('till')
    const requests = durableRequests(link, unlock, { store })
    const { notes } = notedOutcomes(requests)
    void requests.send('a', { params: { car: 'car1', phone: 'p1' }, value: 'now' })
    void requests.send('b', { params: { car: 'car2', phone: 'p2' }, value: 'now' })
    await world.advance()
    expect(notes.sort()).toEqual(['a: car1 unlocked', 'b: car2 unlocked'])
  })
})

describe('durableRequests with a store that fails', () => {
  it('sends nothing that could not be written, and tells that the disk is full', async () => {
    const failing = failingStore()
    const requests = start(world.link('till'), { store: failing })
    await requests.keys()
    failing.fault = new Error('IO error: 000005.log: No space left on device')
    expect(await rejection(requests.send('order-17', tea))).toBe(
      '[overflow] cannot write the request order-17, which is not sent, to the store: IO error: 000005.log: No space left on device; free some space in the store and try again',
    )
    await world.advance()
    expect([world.published('orders/vienna'), await requests.keys()]).toEqual([[], []])
    failing.fault = undefined
    expect(await rejection(requests.send('order-17', tea))).toBe('resolved')
  })

  it('emits an outcome that could not be written, and reports it', async () => {
    startResponder()
    const failing = failingStore()
    const errors: string[] = []
    const requests = start(world.link('till'), {
      store: failing,
      onStoreError: ({ message }) => errors.push(message),
    })
    const { notes, outcomes } = notedOutcomes(requests)
    await requests.send('order-17', tea)
    failing.fault = new Error('the disk is gone')
    await world.advance()
    expect(notes).toEqual(['order-17: tea ordered'])
    expect(errors).toEqual([
      '[unknown] cannot write the outcome of the request order-17 to the store: the disk is gone',
    ])
    expect(await rejection(outcomes[0]?.acknowledge() ?? Promise.resolve())).toBe(
      '[unknown] cannot write the acknowledgement of the outcome of order-17 to the store: the disk is gone',
    )
    failing.fault = undefined
    expect(await rejection(outcomes[0]?.acknowledge() ?? Promise.resolve())).toBe('resolved')
  })

  it('gives a corrupt request the outcome that it cannot be read, and sends the others', async () => {
    startResponder()
    const first = world.link('till')
    const killed = start(first)
    world.broker.down()
    void killed.send('whole', tea)
    void killed.send('corrupt', tea)
    void killed.send('cut', tea)
    await world.advance()
    await world.stop(first)
    for await (const [key, value] of store.load()) {
      if (key.includes('corrupt')) await store.commit([{ key, value: value.fill(7, 20, 22) }])
      if (key.includes('cut')) await store.commit([{ key, value: value.subarray(0, 5) }])
    }
    world.broker.up()
    const { notes, outcomes } = notedOutcomes(start(world.link('till')))
    await world.advance()
    await world.advance(20_000)
    expect(notes.sort()).toEqual([
      expect.stringMatching(
        /^corrupt: \[decode\] orders: cannot read the request corrupt in the store: its checksum is wrong/,
      ),
      expect.stringMatching(
        /^cut: \[decode\] .* \(5 bytes\): it is corrupt or was not written whole\. It is not sent/,
      ),
      'whole: tea ordered',
    ])
    for (const { acknowledge } of outcomes) await acknowledge()
    expect(await entriesOf()).toEqual([])
  })

  it('makes a new response topic if the record of the earlier one is corrupt', async () => {
    const key = JSON.stringify(['request', 'orders', 'id'])
    await store.commit([{ key, value: Uint8Array.of(1) }])
    startResponder()
    const requests = start(world.link('till'))
    const { notes } = notedOutcomes(requests)
    void requests.send('order-17', tea)
    await world.advance()
    expect(notes).toEqual(['order-17: tea ordered'])
  })

  it('errors when a store cannot be opened, and opens it at the next call', async () => {
    let isLocked = true
    const locked: DurableStore = {
      ...store,
      load: () => {
        if (isLocked)
          throw Object.assign(new Error('not open'), { cause: levelError('LEVEL_LOCKED', 'lock') })
        return store.load()
      },
    }
    const requests = start(world.link('till'), { store: locked })
    const { notes } = notedOutcomes(requests)
    const fault =
      '[invalid-argument] cannot open the store of orders: another process has it open; stop that process, or give each process a store of its own'
    expect(await rejection(requests.send('order-17', tea))).toBe(fault)
    expect(notes).toEqual([`error ${fault}`])
    isLocked = false
    expect(await rejection(requests.send('order-17', tea))).toBe('resolved')
  })

  it('refuses a store that a later version has written', async () => {
    const later = memoryStore()
    const first = durableRequests(world.link('till'), orders, { store: later })
    await first.keys()
    await first.close()
    const { toRecord } = await import('../../src/store/record.js')
    await later.commit([{ key: '["format"]', value: toRecord({ version: 2 }) }])
    expect(await rejection(durableRequests(world.link('till'), orders, { store: later }).keys())).toBe(
      '[invalid-argument] the store has format 2, and this version of @antiphon/durable reads 1: install the later version again',
    )
  })

  it('refuses a second requester of an endpoint on one store', async () => {
    const first = durableRequests(world.link('till'), orders, { store })
    await first.keys()
    const second = durableRequests(world.link('till'), orders, { store })
    expect(await rejection(second.keys())).toBe(
      '[invalid-argument] the store already has the requests of orders in use in this process: close the former use, or pass another store',
    )
    await first.close()
    expect(await rejection(second.keys())).toBe('resolved')
  })
})

describe('durableRequests and its link', () => {
  it('completes the outcomes when the link is closed, and errors when it ends with an error', async () => {
    const closed = world.link('till')
    const first = notedOutcomes(start(closed))
    await world.advance()
    await world.stop(closed)
    world.broker.refuseConnect(0x85, 'refused')
    const second = notedOutcomes(start(world.link('refused')))
    await world.advance()
    expect(first.notes).toEqual(['complete'])
    expect(second.notes[0]).toMatch(/^error \[connection-refused\]/)
  })

  it('errors when the broker refuses the response topic, and keeps the requests', async () => {
    const responseTopic = 'response/till'
    const allow = world.broker.refuseSubscribe(responseTopic, 0x87)
    const first = world.link('till')
    const requests = start(first, { responseTopic })
    const { notes } = notedOutcomes(requests)
    void requests.send('order-17', tea)
    await world.advance()
    expect(notes[0]).toMatch(/^error \[subscribe-refused\]/)
    await world.stop(first)
    allow()
    startResponder()
    const second = notedOutcomes(start(world.link('till'), { responseTopic }))
    await world.advance()
    expect(second.notes).toEqual(['order-17: tea ordered'])
  })

  it('rejects endpoints and options whose responses could not be received after a restart', () => {
    const link = world.link('till')
    const types = { request: text, response: text } as const
    const many = endpoint({ topic: 'many', ...types, responses: 'many' }) as never
    const items = requestStreamEndpoint({ topic: 'items', ...types }) as never
    const ordered = endpoint({ topic: 'a', responseTopic: 'b', ...types, correlation: inOrder() })
    const own = endpoint({ topic: 'a', responseTopic: 'b', ...types })
    const faults = [
      () => durableRequests(link, many, { store }),
      () => durableRequests(link, items, { store }),
      () => durableRequests(link, withMessage(counts), { store }),
      () => durableRequests(link, ordered, { store }),
      () => durableRequests(link, own, { store, responseTopic: 'c' }),
      () => durableRequests(link, counts, { store: {} as never }),
      () => durableRequests(link, counts, {} as never),
      () => durableRequests(link, counts, { store, timeOut: 1 } as never),
      () => durableRequests(link, counts, { store, responseTopic: 'a/#' }),
    ].map((create) => {
      try {
        create()
        return 'accepted'
      } catch (error) {
        return (error as Error).message
      }
    })
    expect(faults).toEqual([
      '[invalid-argument] many has many responses, and a durable request has one: use requestMany',
      '[invalid-argument] items has requests of many items, and a durable request has one: use exchange$',
      '[invalid-argument] counts is of withMessage, and messages are not stored: pass the endpoint itself',
      '[invalid-argument] a matches responses by inOrder, which a restart interrupts: use correlationData() or payloadField()',
      '[invalid-argument] options.responseTopic is set, but a has its own: remove it',
      '[invalid-argument] options.store: it must be a store, such as memoryStore(), levelStore(…) or indexedDbStore(…)',
      '[invalid-argument] options.store: it must be a store, such as memoryStore(), levelStore(…) or indexedDbStore(…)',
      '[invalid-argument] options.timeOut is not known: did you mean timeout?',
      expect.stringMatching(/^\[invalid-argument\] .*a\/#/),
    ])
  })
})

/** Returns an error as LevelDB throws it. */
function levelError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
