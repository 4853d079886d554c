import {
  endpoint,
  payloadField,
  type ContractTypes,
  type Endpoint,
  type PayloadFieldCorrelation,
} from '@antiphon/core'
import { callCodec, outcomeCodec, type Call, type Outcome } from './frames.js'

/** The types of `shellyRpc`. */
export type ShellyRpcTypes = ContractTypes<
  '{device}/rpc',
  Call,
  Outcome,
  'one',
  PayloadFieldCorrelation<'id' | 'src'>
>

/**
 * The endpoint of all methods of all devices. The parameter `device` is the topic prefix of the device, by default its id. A
 * requester is named by its response topic `<name>/rpc`.
 */
export const shellyRpc: Endpoint<ShellyRpcTypes> = endpoint({
  name: 'shelly',
  topic: '{device}/rpc',
  request: callCodec,
  response: outcomeCodec,
  failureOf: (outcome) => ('error' in outcome ? outcome.error : undefined),
  onFailure: ({ code, message, applicationCode }) => ({
    error: { code: numberOf(applicationCode) ?? code, message },
  }),
  correlation: payloadField('id', {
    token: 'number',
    responseTopic: { field: 'src', template: '{src}/rpc' },
  }),
  // Devices know no exchange control messages.
  cancel: 'local',
})

function numberOf(code: string | undefined): number | undefined {
  return code !== undefined && /^-?\d{1,9}$/.test(code) ? Number(code) : undefined
}
