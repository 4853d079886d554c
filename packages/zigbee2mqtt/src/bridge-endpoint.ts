import {
  endpoint,
  payloadField,
  type ContractTypes,
  type Endpoint,
  type PayloadFieldCorrelation,
} from '@antiphon/core'
import { literalTemplate } from '@antiphon/core/topic'
import { callCodec, outcomeCodec, type BridgeCall, type BridgeOutcome } from './frames.js'

/** Where Zigbee2MQTT publishes. */
export interface BaseTopicOptions {
  /** The `base_topic` in the configuration of Zigbee2MQTT. @defaultValue 'zigbee2mqtt' */
  readonly baseTopic?: string
}

/** The base topic if Zigbee2MQTT is not configured otherwise. */
export const BASE_TOPIC = 'zigbee2mqtt'

/** The types of the endpoint that `bridgeEndpoint` returns. */
export type BridgeEndpointTypes = ContractTypes<
  'bridge/request/{name...}',
  BridgeCall,
  BridgeOutcome,
  'one',
  PayloadFieldCorrelation<'transaction'>
>

/**
 * Returns the endpoint of all requests to the bridge with this base topic. The parameter `name` is the name of the request,
 * such as `permit_join` or `device/rename`.
 */
export function bridgeEndpoint(baseTopic: string = BASE_TOPIC): Endpoint<BridgeEndpointTypes> {
  const bridge = `${literalTemplate(baseTopic)}/bridge`
  return endpoint({
    name: 'zigbee2mqtt',
    topic: `${bridge}/request/{name...}`,
    responseTopic: `${bridge}/response/{name...}`,
    request: callCodec,
    response: outcomeCodec,
    failureOf: (outcome) => (outcome.status === 'error' ? { code: 500, message: outcome.error } : undefined),
    onFailure: ({ message }) => ({ status: 'error', error: message, data: {} }),
    correlation: payloadField('transaction'),
    // The bridge knows no exchange control messages.
    cancel: 'local',
  })
}
