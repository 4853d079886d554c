import { json, unmatchedResponses$, type JsonMethod } from '@antiphon/core'
import { like, marbles, type MarbleContext } from '@antiphon/testing'
import { callPlatform$, getAttributes$, serveMethods$, sharedUpdates$ } from '@antiphon/thingsboard'
import { fieldsOf, frame } from '@antiphon/workshop/virtual-world'
import { of } from 'rxjs'
import { expect, it } from 'vitest'
import { getCurrentTime, setTemperature } from './methods.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const options = { timeout: 5 }

/** Publishes responses to each request, made from its number. */
function respond(
  { broker }: MarbleContext,
  responses: (id: number) => readonly (readonly [id: string, payload: Uint8Array])[],
): void {
  broker.published$.subscribe(({ message: { topic } }) => {
    const [, kind, number] = /^v1\/devices\/me\/(\w+)\/request\/(\d+)$/.exec(topic) ?? []
    if (kind === undefined) return
    for (const [id, payload] of responses(Number(number)))
      broker.publish({ topic: `v1/devices/me/${kind}/response/${id}`, payload })
  })
}

const anyResult: JsonMethod<object, unknown> = {
  ...getCurrentTime,
  result: json.unchecked<unknown>(),
}

it.each(['', '{', 'null', '[]', '{"time":"noon"}', '{"error":7}'])('fails the result %j', (text) => {
  marbles((test) => {
    respond(test, (id) => [[String(id), bytes(text)]])
    const time$ = callPlatform$(test.link(), getCurrentTime, {}, options)
    test.expectObservable(time$).toBe('#', {}, like({ code: 'decode' }))
  })()
})

it.each(['', '{', 'null', '[]', '{"shared":[]}', '{"client":7}', '{"client":null}'])(
  'fails the attributes %j',
  (text) => {
    marbles((test) => {
      respond(test, (id) => [[String(id), bytes(text)]])
      const attributes$ = getAttributes$(test.link(), { shared: ['period'] }, options)
      test.expectObservable(attributes$).toBe('#', {}, like({ code: 'decode' }))
    })()
  },
)

it(
  'ignores and counts responses to other calls, and of other programs, amid a flood',
  marbles((test) => {
    const others = (id: number): readonly (readonly [string, Uint8Array])[] =>
      Array.from({ length: 250 }, (_, index) => [
        [`other-${index}`, frame({ time: 1 })] as const,
        [String(id + 1_000 + index), frame({ time: 1 })] as const,
      ]).flat()
    respond(test, (id) => [...others(id), [String(id), frame({ time: 7 })], ...others(id)])
    const link = test.link()
    let ignored = 0
    unmatchedResponses$(link).subscribe(() => (ignored += 1))
    test.expectObservable(callPlatform$(link, getCurrentTime, {}, options)).toBe('(r|)', { r: { time: 7 } })
    test.flush()
    expect(ignored).toBe(1_000)
  }),
)

it(
  'takes an error that is no text for a result',
  marbles((test) => {
    respond(test, (id) => [[String(id), frame({ error: 7 })]])
    test
      .expectObservable(callPlatform$(test.link(), anyResult, {}, options))
      .toBe('(r|)', { r: { error: 7 } })
  }),
)

it(
  'skips retained responses, which are older than the call',
  marbles((test) => {
    for (let id = 0; id < 1_000; id += 1)
      test.broker.publish({
        topic: `v1/devices/me/rpc/response/${id}`,
        payload: frame({ time: 1 }),
        retain: true,
      })
    const time$ = callPlatform$(test.link(), getCurrentTime, {}, options)
    test.expectObservable(time$).toBe('-----#', {}, like({ code: 'timeout' }))
  }),
)

it(
  'answers each call of a flood, and runs no handler for those of wrong types',
  marbles((test) => {
    let handled = 0
    const handlers = {
      [setTemperature.name]: () => {
        handled += 1
        return of({ was: 20 })
      },
    }
    serveMethods$(test.link(), handlers).subscribe()
    const errors: unknown[] = []
    test.broker.published$.subscribe(({ message }) => {
      if (message.topic.includes('/response/')) errors.push(fieldsOf(message)['error'])
    })
    test.hot('-f').subscribe(() => {
      const payloads = [
        ...['', '{', 'null', '[]', '{"method":7}', '{"params":{}}'].map(bytes),
        frame({ method: 'constructor' }),
        ...Array.from({ length: 500 }, (_, value) =>
          frame({ method: setTemperature.name, params: { value } }),
        ),
      ]
      for (const [id, payload] of payloads.entries())
        test.broker.publish({ topic: `v1/devices/me/rpc/request/${id}`, payload })
    })
    test.flush()
    expect(handled).toBe(500)
    expect(errors.slice(0, 7)).toEqual(Array(7).fill(expect.any(String)))
    expect(errors.slice(7)).toEqual(Array(500).fill(undefined))
  }),
)

it(
  'emits each update of a flood, and leaves out messages that are none',
  marbles((test) => {
    let updates = 0
    let ignored = 0
    const onIgnored = (): void => void (ignored += 1)
    sharedUpdates$(test.link(), { onIgnored }).subscribe(() => (updates += 1))
    test.hot('-f').subscribe(() => {
      for (let index = 0; index < 500; index += 1)
        for (const payload of [frame({ index }), bytes('{'), bytes('[]')])
          test.broker.publish({ topic: 'v1/devices/me/attributes', payload })
    })
    test.flush()
    expect([updates, ignored]).toEqual([500, 1_000])
  }),
)
