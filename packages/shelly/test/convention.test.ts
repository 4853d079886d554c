import { ApplicationError, type OutgoingMessage } from '@antiphon/core'
import { conventionLaws } from '@antiphon/conformance/laws'
import { shellyRpc } from '@antiphon/shelly'
import { fieldsOf, frame } from '@antiphon/workshop/virtual-world'
import { describe, it } from 'vitest'

const respond = (request: Pick<OutgoingMessage, 'payload'>, outcome: object) => {
  const { id, src } = fieldsOf(request)
  return { topic: `${String(src)}/rpc`, payload: frame({ id, src: 'shelly-1', dst: src, ...outcome }) }
}

const isFor = (
  message: Pick<OutgoingMessage, 'payload'>,
  request: Pick<OutgoingMessage, 'payload'>,
  field: string,
): boolean => fieldsOf(message)['id'] === fieldsOf(request)['id'] && field in fieldsOf(message)

describe('the methods of devices', () => {
  const laws = conventionLaws({
    endpoint: shellyRpc,
    example: {
      request: { params: { device: 'shelly-1' }, value: { method: 'Switch.GetStatus', params: { id: 0 } } },
      response: { result: { output: true } },
      isResponse: (outcome) => 'result' in outcome,
    },
    // Frames as the documentation of the devices shows them.
    peer: {
      request: (number) => ({
        topic: 'shelly-1/rpc',
        payload: frame({ id: number, src: 'user_1', method: 'Switch.GetStatus', params: { id: 0 } }),
      }),
      respond: (request) => respond(request, { result: { id: 0, source: 'init', output: true } }),
      fail: (request) =>
        respond(request, { error: { code: -105, message: 'Argument id, value 3 not found!' } }),
      responseFilter: 'user_1/rpc',
      isResponse: (message, request) => isFor(message, request, 'result'),
      isFailure: (message, request) =>
        isFor(message, request, 'error') && (fieldsOf(message)['error'] as { code: number }).code === -105,
    },
    thrown: new ApplicationError({ code: '-105', message: 'Argument id, value 3 not found!' }),
    failureStatus: -105,
    exchangeOptions: { responseTopic: 'hub/rpc' },
    requestsOptions: { params: { device: 'shelly-1' } },
  })
  for (const { name, check } of laws) it(name, check)
})
