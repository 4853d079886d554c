import { classicShadow, namedShadow } from '@antiphon/aws-iot'
import { ApplicationError, type Endpoint, type EndpointTypes, type OutgoingMessage } from '@antiphon/core'
import { conventionLaws, type Convention } from '@antiphon/conformance/laws'
import { describe, it } from 'vitest'
import { fieldsOf, frame, type WithPayload } from './frame.js'

const token = (request: WithPayload) => ({ clientToken: fieldsOf(request)['clientToken'] })

const isFor = (message: WithPayload, request: WithPayload): boolean =>
  fieldsOf(message)['clientToken'] === fieldsOf(request)['clientToken']

/** What one operation sends, in messages as the documentation of AWS shows them. */
interface Example {
  readonly params: Readonly<Record<string, string>>
  readonly topic: string
  readonly request: object
  readonly sent?: object
  readonly response: object
  readonly rejection: { readonly code: number | string; readonly message: string }
  readonly status: number
}

function conventionOf<T extends EndpointTypes>(
  endpoint: Endpoint<T>,
  { params, topic, request, sent = request, response, rejection, status }: Example,
): Convention<EndpointTypes> {
  const respond = (message: OutgoingMessage, kind: string, fields: object): OutgoingMessage => ({
    topic: `${topic}/${kind}`,
    payload: frame({ ...fields, ...token(message) }),
  })
  return {
    endpoint: endpoint,
    example: { request: { params, value: request }, response },
    peer: {
      request: (number) => ({ topic, payload: frame({ ...sent, clientToken: `426bfd96-${number}` }) }),
      respond: (message) => respond(message, 'accepted', response),
      fail: (message) => respond(message, 'rejected', { ...rejection, timestamp: 1_489_096_425 }),
      responseFilter: `${topic}/+`,
      isResponse: (message, request) => message.topic === `${topic}/accepted` && isFor(message, request),
      isFailure: (message, request) =>
        message.topic === `${topic}/rejected` &&
        isFor(message, request) &&
        fieldsOf(message)['code'] === rejection.code,
    },
    thrown: new ApplicationError({ code: String(rejection.code), message: rejection.message }),
    failureStatus: status,
    requestsOptions: { params },
  }
}

const metadata = { desired: { color: { timestamp: 12_345 } }, reported: { color: { timestamp: 12_345 } } }
const document = {
  state: { desired: { color: 'RED' }, reported: { color: 'GREEN' }, delta: { color: 'RED' } },
  metadata,
  version: 10,
  timestamp: 123_456_789,
}

describe.each([
  ['a classic shadow', classicShadow, { thing: 'lamp' }, '$aws/things/lamp/shadow'],
  ['a named shadow', namedShadow, { thing: 'lamp', shadow: 'config' }, '$aws/things/lamp/shadow/name/config'],
] as const)('%s', (_, endpoints, params, prefix) => {
  const missing = { code: 404, message: "No shadow exists with name: 'lamp'" }
  const conventions = {
    get: conventionOf(endpoints.get, {
      params,
      topic: `${prefix}/get`,
      request: {},
      response: document,
      rejection: missing,
      status: 404,
    }),
    update: conventionOf(endpoints.update, {
      params,
      topic: `${prefix}/update`,
      request: { state: { desired: { color: 'RED' } }, version: 9 },
      response: { ...document, state: { desired: { color: 'RED' } } },
      rejection: { code: 409, message: 'Version conflict' },
      status: 409,
    }),
    delete: conventionOf(endpoints.delete, {
      params,
      topic: `${prefix}/delete`,
      request: {},
      response: { version: 10, timestamp: 123_456_789 },
      rejection: missing,
      status: 404,
    }),
  }
  for (const [name, convention] of Object.entries(conventions))
    for (const law of conventionLaws(convention)) it(`${name} ${law.name}`, law.check)
})
