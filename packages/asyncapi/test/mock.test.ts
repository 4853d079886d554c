import { mock, toAsyncApi, type MockFault } from '@antiphon/asyncapi'
import { cbor } from '@antiphon/codecs/cbor'
import {
  AntiphonError,
  bytes,
  endpoint,
  json,
  request$,
  text,
  payloadField,
  unmatchedResponses$,
  type Link,
} from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { virtualBroker } from '@antiphon/testing'
import * as t from 'io-ts'
import { of, throwError, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { reread } from './fixtures.js'

const Status = t.type({ locked: t.boolean, doors: t.array(t.keyof({ front: null, rear: null })), at: t.Int })
const status = endpoint({ topic: 'cars/{vin}/status', request: json(t.type({})), response: json(Status) })
const positions = endpoint({
  topic: 'positions',
  request: text,
  response: json(
    z.object({
      latitude: z.number().min(-90).max(90),
      id: z.uuid().meta({ examples: ['0b9a3c1e-5b0f-4c39-9a3e-2f8a3a2d7d11'] }),
    }),
  ),
  responses: 'many',
})
const photo = endpoint({ topic: 'photo', request: text, response: bytes })
const inField = endpoint({
  topic: 'field',
  request: json(t.type({ id: t.string })),
  response: json(t.type({ id: t.string, ok: t.literal(true) })),
  correlation: payloadField('id'),
})
const contract = { status, positions, photo, inField }
const document = reread(toAsyncApi(contract, { title: 'Car', version: '1' }))

/** Runs a test on virtual time; `log` records what a stream emits. */
function inWorld(
  options: Parameters<typeof mock>[2],
  test: (world: { readonly link: Link; readonly stop: () => void }) => void,
): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(({ flush }) => {
    const broker = virtualBroker({ scheduler })
    const link = (clientId: string): Link => linkOver(broker.transport({ clientId }), { scheduler })
    const mocked = mock(document, link('mock'), { codecs: { 'application/cbor': cbor }, ...options })
    test({ link: link('requester'), stop: () => mocked.unsubscribe() })
    flush()
    mocked.unsubscribe()
  })
}

function logOf(stream$: Observable<unknown>): unknown[] {
  const log: unknown[] = []
  stream$.subscribe({
    next: (value) => log.push(value),
    error: (error: unknown) => log.push(error instanceof AntiphonError ? error.code : error),
  })
  return log
}

const requestStatus = (link: Link, timeout = 1_000): Observable<unknown> =>
  of({ params: { vin: 'car7' }, value: {} }).pipe(request$(link, status, { timeout }))

const collect = (
  options: Parameters<typeof mock>[2],
  send: (link: Link) => Observable<unknown>,
): unknown[] => {
  let log: unknown[] = []
  inWorld(options, ({ link }) => {
    log = logOf(send(link))
  })
  return log
}

describe('mock', () => {
  it('responds to a request with a value of the schema', () => {
    const [value] = collect({}, requestStatus)
    expect(Status.is(value)).toBe(true)
  })

  it('gives equal responses for equal seeds', () => {
    const of7 = collect({ seed: 7 }, requestStatus)
    expect(collect({ seed: 7 }, requestStatus)).toEqual(of7)
    const all = Array.from({ length: 10 }, (_, seed) => JSON.stringify(collect({ seed }, requestStatus)))
    expect(new Set(all).size).toBeGreaterThan(1)
  })

  it('responds with several values where an operation has many responses', () => {
    const log = collect({ seed: 3 }, (link) => of('all').pipe(request$(link, positions)))
    expect(log.length).toBeGreaterThan(0)
    expect(log).toEqual(
      log.map(() => ({ latitude: expect.any(Number) as number, id: expect.any(String) as string })),
    )
  })

  it('responds with bytes where a payload has no schema', () => {
    const [value] = collect({}, (link) => of('front').pipe(request$(link, photo)))
    expect(value).toBeInstanceOf(Uint8Array)
  })

  it('leaves the token in a payload to the correlation', () => {
    const [value] = collect({}, (link) => of({ id: 'token' }).pipe(request$(link, inField)))
    expect(value).toEqual({ id: 'token', ok: true })
  })

  it.each<[string, MockFault, unknown[]]>([
    ['silence', 'silence', ['timeout']],
    ['a delay beyond the timeout', { delay: 2_000 }, ['timeout']],
    ['a failure', 'failure', ['status']],
    ['bytes that do not decode', 'malformed', ['decode']],
  ])('has the fault %s on demand', (_, fault, log) => {
    expect(collect({ faults: { status: fault } }, requestStatus)).toEqual(log)
    expect(collect({ faults: { '*': fault } }, requestStatus)).toEqual(log)
  })

  it('delays responses', () => {
    const log = collect({ faults: { status: { delay: 500 } } }, requestStatus)
    expect(Status.is(log[0])).toBe(true)
  })

  it('sends a response twice on demand', () => {
    let unmatched: unknown[] = []
    inWorld({ faults: { status: 'duplicate' } }, ({ link }) => {
      unmatched = logOf(unmatchedResponses$(link))
      logOf(requestStatus(link))
    })
    expect(unmatched).toHaveLength(1)
  })

  it('calls onServed for each request', () => {
    const served: string[] = []
    collect({ onServed: ({ outcome }) => served.push(outcome) }, requestStatus)
    expect(served).toHaveLength(1)
  })

  it('serves until it is unsubscribed', () => {
    let log: unknown[] = []
    inWorld({}, ({ link, stop }) => {
      stop()
      log = logOf(requestStatus(link))
    })
    expect(log).toEqual(['timeout'])
  })

  it('calls onError when the broker refuses a subscription', () => {
    const errors: unknown[] = []
    const scheduler = new TestScheduler(() => undefined)
    scheduler.run(({ flush }) => {
      const broker = virtualBroker({ scheduler })
      const link = linkOver(broker.transport({ clientId: 'mock' }), { scheduler })
      const refusing: Link = { ...link, subscription$: () => throwError(() => new Error('refused')) }
      mock(document, refusing, { onError: (error) => errors.push(error) })
      flush()
    })
    expect(errors).toHaveLength(1)
  })

  it('rejects options that are not known', () => {
    expect(() => mock(document, {} as Link, { seed: 1.5 })).toThrow(
      'options.seed is 1.5: it must be a whole number',
    )
    expect(() => mock(document, {} as Link, { fault: {} } as never)).toThrow('did you mean faults?')
  })
})
