import { ApplicationError, json, type Codec, type OutgoingMessage } from '@antiphon/core'
import { conventionLaws } from '@antiphon/conformance/laws'
import { attributesEndpoint, rpcEndpoint } from '@antiphon/thingsboard'
import { fieldsOf, frame } from '@antiphon/workshop/virtual-world'
import * as t from 'io-ts'
import { describe, it } from 'vitest'

const responseTopic = ({ topic }: { readonly topic: string }): string =>
  topic.replace('/request/', '/response/')

const isFor = (message: OutgoingMessage, request: OutgoingMessage, field: string): boolean =>
  message.topic === responseTopic(request) && field in fieldsOf(message)

describe('calls in both directions', () => {
  // Any JSON is a result of some method, so the result of this one has a schema.
  const response = json(t.union([t.type({ time: t.number }), t.type({ error: t.string })])) as Codec<unknown>
  const laws = conventionLaws({
    endpoint: { ...rpcEndpoint, response },
    example: {
      request: { method: 'getCurrentTime', params: {} },
      response: { time: 7 },
    },
    // Messages as the documentation of ThingsBoard shows them.
    peer: {
      request: (number) => ({
        topic: `v1/devices/me/rpc/request/${40 + number}`,
        payload: frame({ method: 'setTemperature', params: { value: 26 } }),
      }),
      respond: (request) => ({ topic: responseTopic(request), payload: frame({ time: 7 }) }),
      fail: (request) => ({ topic: responseTopic(request), payload: frame({ error: 'timeout' }) }),
      responseFilter: 'v1/devices/me/rpc/response/+',
      isResponse: (message, request) => isFor(message, request, 'time'),
      isFailure: (message, request) =>
        isFor(message, request, 'error') && fieldsOf(message)['error'] === 'timeout',
    },
    thrown: new ApplicationError({ code: 'timeout', message: 'timeout' }),
    failureStatus: 500,
  })
  for (const { name, check } of laws) it(name, check)
})

describe('requests for attributes', () => {
  const Known = t.exact(t.type({ shared: t.type({ period: t.number }) }))
  const laws = conventionLaws({
    endpoint: { ...attributesEndpoint, response: json(Known) as Codec<unknown> },
    example: {
      request: { clientKeys: 'serial', sharedKeys: 'period' },
      response: { shared: { period: 5 } },
    },
    peer: {
      request: (number) => ({
        topic: `v1/devices/me/attributes/request/${number}`,
        payload: frame({ clientKeys: 'serial', sharedKeys: 'period' }),
      }),
      respond: (request) => ({
        topic: responseTopic(request),
        payload: frame({ client: { serial: 'SN-1' }, shared: { period: 5 } }),
      }),
      responseFilter: 'v1/devices/me/attributes/response/+',
      isResponse: (message, request) => isFor(message, request, 'shared'),
    },
  })
  for (const { name, check } of laws) it(name, check)
})
