import { conventionLaws } from '@antiphon/conformance/laws'
import { ApplicationError, type OutgoingMessage } from '@antiphon/core'
import { nestEndpoint, type NestResponse } from '@antiphon/nestjs'
import { describe, it } from 'vitest'

type WithPayload = Pick<OutgoingMessage, 'payload'>

const frame = (fields: object): Uint8Array => new TextEncoder().encode(JSON.stringify(fields))

const fieldsOf = ({ payload }: WithPayload): Readonly<Record<string, unknown>> =>
  JSON.parse(new TextDecoder().decode(payload)) as Readonly<Record<string, unknown>>

const respond = (request: WithPayload, outcome: object): OutgoingMessage => ({
  topic: 'math/sum/reply',
  payload: frame({ ...outcome, id: fieldsOf(request)['id'] }),
})

const isFor = (message: WithPayload, request: WithPayload, field: string): boolean =>
  fieldsOf(message)['id'] === fieldsOf(request)['id'] && field in fieldsOf(message)

const refusal = { status: 'error', message: 'no negative numbers' }

describe("the wire of Nest's own MQTT transport", () => {
  // Packets as ServerMqtt and ClientMqtt of @nestjs/microservices send them.
  const laws = conventionLaws({
    endpoint: nestEndpoint('math/sum'),
    example: {
      request: { pattern: 'math/sum', data: [1, 2] },
      response: { response: 3, isDisposed: true },
      isResponse: ({ response }: NestResponse) => response === 3,
    },
    peer: {
      request: (number) => ({
        topic: 'math/sum',
        payload: frame({ pattern: 'math/sum', data: [1, 2], id: `b2f5${number}` }),
      }),
      respond: (request) => respond(request, { response: 3, isDisposed: true }),
      fail: (request) => respond(request, { err: refusal, isDisposed: true }),
      responseFilter: 'math/sum/reply',
      isResponse: (message, request) => isFor(message, request, 'response'),
      isFailure: (message, request) =>
        isFor(message, request, 'err') &&
        JSON.stringify(fieldsOf(message)['err']) === JSON.stringify(refusal),
    },
    thrown: new ApplicationError({
      code: 'error',
      message: 'no negative numbers',
      payload: JSON.stringify(refusal),
    }),
    failureStatus: 500,
  })
  for (const { name, check } of laws) it(name, check)
})
