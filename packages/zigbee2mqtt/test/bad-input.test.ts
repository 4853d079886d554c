import { unmatchedResponses$ } from '@antiphon/core'
import { like, marbles, type MarbleContext } from '@antiphon/testing'
import { callBridge$, deviceState$, getState$ } from '@antiphon/zigbee2mqtt'
import { marbleBridge } from '@antiphon/zigbee2mqtt/testing'
import { fieldsOf, frame } from '@antiphon/workshop/virtual-world'
import { of } from 'rxjs'
import { expect, it } from 'vitest'
import { permitJoin } from './requests.js'

const data = { time: 60 }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const topic = 'zigbee2mqtt/bridge/response/permit_join'

/** Publishes responses to each request, made from its transaction. */
function respond(
  { broker }: MarbleContext,
  responses: (transaction: unknown) => readonly Uint8Array[],
): void {
  broker.published$.subscribe(({ message }) => {
    if (message.topic !== 'zigbee2mqtt/bridge/request/permit_join') return
    for (const payload of responses(fieldsOf(message)['transaction'])) broker.publish({ topic, payload })
  })
}

/** Responses that are not the one to a request with this transaction. */
const notTheResponse = (transaction: unknown): readonly Uint8Array[] => [
  ...['', '{', 'null', '[]', '60', '"ok"'].map(bytes),
  ...[
    { status: 'ok', data },
    { status: 'ok', data, transaction: [transaction] },
    { status: 'ok', data, transaction: null },
    { status: 'ok', data, transaction: 'of-another-program' },
    { status: 'ok', transaction },
    { status: 'done', data, transaction },
    { data, transaction },
    { status: 'error', transaction },
    { status: 'error', error: { text: 'failed' }, transaction },
  ].map(frame),
]

it(
  'ignores and counts responses of wrong types, without a transaction, and to other programs',
  marbles((test) => {
    respond(test, (transaction) => [
      ...notTheResponse(transaction),
      frame({ status: 'ok', data, transaction }),
    ])
    const link = test.link()
    let ignored = 0
    unmatchedResponses$(link).subscribe(() => (ignored += 1))
    test.expectObservable(callBridge$(link, permitJoin, data)).toBe('(r|)', { r: data })
    test.flush()
    expect(ignored).toBe(notTheResponse(1).length)
  }),
)

it(
  'skips a retained response, which is older than the request',
  marbles((test) => {
    // A transaction that is the same each time, as a careless program has it.
    const fixed = {
      ...permitJoin,
      params: { ...permitJoin.params, encode: () => frame({ ...data, transaction: 7 }) },
    }
    test.broker.publish({ topic, payload: frame({ status: 'ok', data, transaction: 7 }), retain: true })
    const call$ = callBridge$(test.link(), fixed, data, { timeout: 5 })
    test.expectObservable(call$).toBe('-----#', {}, like({ code: 'timeout' }))
  }),
)

it(
  'receives its response amid a flood of others',
  marbles((test) => {
    const others = Array.from({ length: 500 }, (_, index) =>
      frame({ status: 'ok', data, transaction: index }),
    )
    respond(test, (transaction) => [...others, frame({ status: 'ok', data, transaction }), ...others])
    test.expectObservable(callBridge$(test.link(), permitJoin, data)).toBe('(r|)', { r: data })
  }),
)

it(
  'emits each state of a flood, and leaves out messages that are none',
  marbles((test) => {
    let states = 0
    let ignored = 0
    const onIgnored = (): void => void (ignored += 1)
    deviceState$(test.link(), 'sensor', { onIgnored }).subscribe(() => (states += 1))
    test.hot('-f').subscribe(() => {
      for (let index = 0; index < 500; index += 1)
        for (const payload of [frame({ index }), bytes('['), frame([index])])
          test.broker.publish({ topic: 'zigbee2mqtt/sensor', payload })
    })
    test.flush()
    expect([states, ignored]).toEqual([500, 1_000])
  }),
)

it(
  'takes no state of another device for the response',
  marbles((test) => {
    const bridge = marbleBridge(test, { devices: { lamp: { state: 'OFF' }, plug: { state: 'OFF' } } })
    bridge.availability('lamp', 'f')
    bridge.reports('plug', '--r', { r: { state: 'ON' } })
    const state$ = getState$(test.link(), 'lamp', ['state'], { timeout: 5 })
    test.expectObservable(state$, '-^').toBe('------#', {}, like({ code: 'timeout' }))
  }),
)

it(
  'answers each request of a flood, and runs no handler for those of wrong types',
  marbles((test) => {
    let handled = 0
    marbleBridge(test, {
      requests: {
        permit_join: () => {
          handled += 1
          return of(data)
        },
      },
    })
    const statuses: unknown[] = []
    test.broker.published$.subscribe(({ message }) => {
      if (message.topic === topic) statuses.push(fieldsOf(message)['status'])
    })
    test.hot('-f').subscribe(() => {
      const payloads = [
        ...['', '{', 'null', '[]', '60'].map(bytes),
        ...Array.from({ length: 500 }, (_, transaction) => frame({ ...data, transaction })),
      ]
      for (const payload of payloads)
        test.broker.publish({ topic: 'zigbee2mqtt/bridge/request/permit_join', payload })
    })
    test.flush()
    expect(handled).toBe(500)
    expect(statuses).toEqual([...Array<string>(5).fill('error'), ...Array<string>(500).fill('ok')])
  }),
)
