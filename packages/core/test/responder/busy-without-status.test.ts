import { endpoint, inOrder, text, type OutgoingMessage, type ServeOptions } from '@antiphon/core'
import { delay, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { textOf } from '../observed.js'
import { withResponder, type ResponderSetup } from './with-responder.js'

const contract = { topic: 'echo', responseTopic: 'responses', request: text, response: text } as const
const commands = endpoint({ ...contract, correlation: inOrder() })
const wordy = endpoint({ ...contract, correlation: inOrder(), onFailure: ({ code }) => String(code) })
const notifications = endpoint({ topic: 'echo', request: text, response: text, acceptsNotifications: true })
const bare = { responseTopic: undefined, correlationData: undefined } as never as Partial<OutgoingMessage>

type Types = NonNullable<(typeof commands)['types']>

/** Runs a test with a responder that cannot send a status and takes 100 ms per request. */
function withoutStatus(options: ServeOptions, test: (setup: ResponderSetup<Types>) => void): void {
  const client = { protocolVersion: 4 } as const
  const handler = ({ value }: { readonly value: string }) => of(value).pipe(delay(100))
  withResponder<Types>({ endpoint: commands, client, handler, serve: options }, test)
}

function valuesOf({ handled }: Pick<ResponderSetup<Types>, 'handled'>): readonly string[] {
  return handled.map(({ value }) => value)
}

describe('a request that cannot be answered 503 when the queue is full', () => {
  it('queues a QoS 1 request that cannot be answered 503 beyond the limit of the queue', () => {
    withoutStatus({ concurrency: 1, queue: 1 }, (setup) => {
      for (const payload of ['1', '2', '3', '4']) setup.sendRequest(payload, bare)
      setup.world.advance(50)
      expect([setup.handled.length, setup.unacknowledged()]).toEqual([1, 3])
      setup.world.advance(1_000)
      expect(setup.responses.map(({ message }) => textOf(message))).toEqual(['1', '2', '3', '4'])
      expect(setup.records.values.map(({ outcome }) => outcome)).toEqual(Array(4).fill('responded'))
      expect(setup.unacknowledged()).toBe(0)
    })
  })

  it('drops and records a QoS 0 request that cannot be answered 503', () => {
    withoutStatus({ concurrency: 1, queue: 1 }, (setup) => {
      for (const payload of ['1', '2', '3', '4']) setup.sendRequest(payload, { ...bare, qos: 0 })
      setup.world.advance(1_000)
      expect(valuesOf(setup)).toEqual(['1', '2'])
      const busy = setup.records.values.filter(({ outcome }) => outcome === 'busy')
      expect(busy.map(({ request, status }) => [textOf(request), status])).toEqual([
        ['3', undefined],
        ['4', undefined],
      ])
    })
  })

  it('drops and records a request acknowledged on receipt that cannot be answered 503', () => {
    withResponder(
      {
        endpoint: commands,
        client: { protocolVersion: 4 },
        handler: ({ value }) => of(value).pipe(delay(100)),
        requests: { acknowledge: 'on-receipt' },
        serve: { concurrency: 1, queue: 0 },
      },
      ({ sendRequest, world, records, handled }) => {
        sendRequest('1', bare)
        sendRequest('2', bare)
        world.advance(1_000)
        expect(handled).toHaveLength(1)
        expect(records.values.map(({ outcome }) => outcome)).toEqual(['busy', 'responded'])
      },
    )
  })

  it('queues notifications beyond the limit of the queue on MQTT 5', () => {
    withResponder(
      {
        endpoint: notifications,
        handler: ({ value }) => of(value).pipe(delay(100)),
        serve: { concurrency: 1, queue: 0 },
      },
      ({ sendRequest, world, records }) => {
        for (const payload of ['1', '2', '3']) sendRequest(payload, bare)
        world.advance(1_000)
        expect(records.values.map(({ outcome }) => outcome)).toEqual(Array(3).fill('responded'))
      },
    )
  })

  it('answers a request that finds the queue full by onFailure on MQTT 3.1.1', () => {
    withResponder(
      {
        endpoint: wordy,
        client: { protocolVersion: 4 },
        handler: ({ value }) => of(value).pipe(delay(100)),
        serve: { concurrency: 1, queue: 0 },
      },
      ({ sendRequest, world, responses, records }) => {
        sendRequest('1', bare)
        sendRequest('2', bare)
        world.advance(1_000)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['503', '1'])
        expect(records.values[0]).toMatchObject({ outcome: 'busy', status: 503 })
      },
    )
  })
  it('queues a QoS 1 request on MQTT 3.1.1 if onFailure throws', () => {
    const onFailure = (): never => {
      throw new Error('onFailure')
    }
    withResponder(
      {
        endpoint: endpoint({ ...contract, correlation: inOrder(), onFailure }),
        client: { protocolVersion: 4 },
        handler: ({ value }) => of(value).pipe(delay(100)),
        serve: { concurrency: 1, queue: 0 },
      },
      ({ sendRequest, world, responses, records }) => {
        for (const payload of ['1', '2', '3']) sendRequest(payload, bare)
        world.advance(1_000)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['1', '2', '3'])
        expect(records.values.map(({ outcome }) => outcome)).toEqual(Array(3).fill('responded'))
      },
    )
  })
})
