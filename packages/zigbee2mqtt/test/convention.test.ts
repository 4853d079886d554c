import { ApplicationError, type OutgoingMessage } from '@antiphon/core'
import { conventionLaws } from '@antiphon/conformance/laws'
import { bridgeEndpoint } from '@antiphon/zigbee2mqtt'
import { fieldsOf, frame } from '@antiphon/workshop/virtual-world'
import { describe, it } from 'vitest'

const respond = (request: Pick<OutgoingMessage, 'payload'>, outcome: object) => ({
  topic: 'zigbee2mqtt/bridge/response/permit_join',
  payload: frame({ ...outcome, transaction: fieldsOf(request)['transaction'] }),
})

const isFor = (
  message: Pick<OutgoingMessage, 'payload'>,
  request: Pick<OutgoingMessage, 'payload'>,
  status: string,
): boolean =>
  fieldsOf(message)['transaction'] === fieldsOf(request)['transaction'] &&
  fieldsOf(message)['status'] === status

describe('the requests of the bridge', () => {
  const laws = conventionLaws({
    endpoint: bridgeEndpoint(),
    example: {
      request: { params: { name: 'permit_join' }, value: { value: true } },
      response: { status: 'ok', data: { value: true } },
      isResponse: ({ status }) => status === 'ok',
    },
    // Messages as the documentation of Zigbee2MQTT shows them.
    peer: {
      request: (number) => ({
        topic: 'zigbee2mqtt/bridge/request/permit_join',
        payload: frame({ value: true, transaction: 22 + number }),
      }),
      respond: (request) => respond(request, { data: { value: true }, status: 'ok' }),
      fail: (request) =>
        respond(request, { data: {}, error: 'Failed to connect to adapter', status: 'error' }),
      responseFilter: 'zigbee2mqtt/bridge/response/permit_join',
      isResponse: (message, request) => isFor(message, request, 'ok'),
      isFailure: (message, request) =>
        isFor(message, request, 'error') && fieldsOf(message)['error'] === 'Failed to connect to adapter',
    },
    thrown: new ApplicationError({ code: 'adapter', message: 'Failed to connect to adapter' }),
    failureStatus: 500,
    requestsOptions: { params: { name: 'permit_join' } },
  })
  for (const { name, check } of laws) it(name, check)
})
