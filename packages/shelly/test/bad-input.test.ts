import { json, unmatchedResponses$, type JsonMethod } from '@antiphon/core'
import { callMethod$, status$ } from '@antiphon/shelly'
import { marbleDevice } from '@antiphon/shelly/testing'
import { like, marbles, type MarbleContext } from '@antiphon/testing'
import { fieldsOf, frame } from '@antiphon/workshop/virtual-world'
import * as t from 'io-ts'
import { of, scan } from 'rxjs'
import { expect, it } from 'vitest'

const toggle: JsonMethod<object, { readonly was_on: boolean }> = {
  name: 'Switch.Toggle',
  params: json(t.type({})),
  result: json(t.type({ was_on: t.boolean })),
}
const options = { device: 'relay', source: 'hub', timeout: 5 }
const result = { was_on: true }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Publishes responses to each call, made from its id. */
function respond({ broker }: MarbleContext, responses: (id: number) => readonly Uint8Array[]): void {
  broker.published$.subscribe(({ message }) => {
    if (message.topic !== 'relay/rpc') return
    for (const payload of responses(Number(fieldsOf(message)['id'])))
      broker.publish({ topic: 'hub/rpc', payload })
  })
}

/** Responses that are not the one to a call with this id. */
const notTheResponse = (id: number): readonly Uint8Array[] => [
  ...['', '{', 'null', '[]', '7', '"on"'].map(bytes),
  ...[
    { result },
    { id: String(-id), result },
    { id: true, result },
    { id: [id], result },
    { id },
    { id, error: 'text' },
    { id, error: { code: '404', message: 'text' } },
    { id, error: { code: 404 } },
    { id: id + 1_000, src: 'another-device', dst: 'hub', result },
    { id: id - 1, src: 'relay', dst: 'hub', result },
  ].map(frame),
]

it(
  'ignores and counts responses of wrong types, without an id, to other calls and of other devices',
  marbles((test) => {
    respond(test, (id) => [...notTheResponse(id), frame({ id, src: 'relay', dst: 'hub', result })])
    const link = test.link()
    let ignored = 0
    unmatchedResponses$(link).subscribe(() => (ignored += 1))
    test.expectObservable(callMethod$(link, toggle, {}, options)).toBe('(r|)', { r: result })
    test.flush()
    expect(ignored).toBe(notTheResponse(1).length)
  }),
)

it(
  'fails with a timeout if no response is one to the call',
  marbles((test) => {
    respond(test, notTheResponse)
    test
      .expectObservable(callMethod$(test.link(), toggle, {}, options))
      .toBe('-----#', {}, like({ code: 'timeout' }))
  }),
)

it(
  'fails a result of the wrong type',
  marbles((test) => {
    respond(test, (id) => [frame({ id, result: { was_on: 'yes' } })])
    test
      .expectObservable(callMethod$(test.link(), toggle, {}, options))
      .toBe('#', {}, like({ code: 'decode' }))
  }),
)

it(
  'skips a retained response, which is older than the call',
  marbles((test) => {
    let next = 0
    respond(test, (id) => {
      next = id + 1
      return []
    })
    const first$ = callMethod$(test.link(), toggle, {}, options)
    test.expectObservable(first$).toBe('-----#', {}, like({ code: 'timeout' }))
    test.hot('------r').subscribe(() => {
      test.broker.publish({ topic: 'hub/rpc', payload: frame({ id: next, result }), retain: true })
    })
    const second$ = callMethod$(test.link(), toggle, {}, options)
    test.expectObservable(second$, '-------^').toBe('------------#', {}, like({ code: 'timeout' }))
  }),
)

it(
  'receives its response amid a flood of others',
  marbles((test) => {
    const others = Array.from({ length: 500 }, (_, index) => frame({ id: `other-${index}`, result }))
    respond(test, (id) => [...others, frame({ id, result }), ...others])
    test.expectObservable(callMethod$(test.link(), toggle, {}, options)).toBe('(r|)', { r: result })
  }),
)

it(
  'answers each call of a flood, and ignores calls of wrong types',
  marbles((test) => {
    const device = marbleDevice(test, { device: 'relay', methods: { 'Switch.Toggle': () => of(result) } })
    const called$ = device.calls$.pipe(scan((count) => count + 1, 0))
    let called = 0
    called$.subscribe((count) => (called = count))
    let answered = 0
    test.broker.published$.subscribe(({ message }) => {
      if (message.topic === 'flood/rpc') answered += 1
    })
    test.hot('-f').subscribe(() => {
      const calls = [
        ...['', '{', 'null', '[]'].map(bytes),
        ...[{}, { id: 1, src: 'flood' }, { id: 1, method: 'Switch.Toggle' }, { src: 'flood', method: 7 }].map(
          frame,
        ),
        ...Array.from({ length: 500 }, (_, id) =>
          frame({ id, src: 'flood', method: 'Switch.Toggle', params: {} }),
        ),
      ]
      for (const payload of calls) test.broker.publish({ topic: 'relay/rpc', payload })
    })
    test.flush()
    expect([called, answered]).toEqual([500, 500])
  }),
)

it(
  'keeps the status through notifications that are none',
  marbles((test) => {
    const device = marbleDevice(test, { device: 'relay', status: { sys: { uptime: 1 } } })
    device.changes('                                                     ----u', {
      u: { sys: { uptime: 2 } },
    })
    test.publish(
      '                                                       -abcd',
      {
        a: '{',
        b: '[]',
        c: '{"method":"NotifyStatus","params":7}',
        d: '{"method":"Dance","params":{"sys":{"uptime":9}}}',
      },
      'relay/events/rpc',
    )
    test.expectObservable(status$(test.link(), options)).toBe('          s---u', {
      s: { sys: { uptime: 1 } },
      u: { sys: { uptime: 2 } },
    })
  }),
)
