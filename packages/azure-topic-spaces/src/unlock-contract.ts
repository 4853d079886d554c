import {
  endpoint,
  json,
  payloadField,
  type ContractTypes,
  type Endpoint,
  type PayloadFieldCorrelation,
  type StandardSchema,
} from '@antiphon/core'
import { textFields } from './text-fields.js'

/** The command that a phone sends to a car. */
export interface UnlockRequest {
  readonly command: 'unlock'
  /** Identifies the command; the response contains it. */
  readonly commandId: string
  /** The phone, as the phone states it. The phone in the topic is the one that the hub has authenticated. */
  readonly requestorId: string
  readonly authorization: string
  readonly credentials: string
}

/** The response of the car. */
export interface UnlockResponse {
  readonly commandId: string
  /** `Success`, or the reason of a failure. */
  readonly result: string
}

/** The result of a command that succeeded. */
export const SUCCESS = 'Success'

const unlockRequest = textFields<UnlockRequest>({
  command: 'unlock',
  commandId: undefined,
  requestorId: undefined,
  authorization: undefined,
  credentials: undefined,
})

/**
 * Any result. A response whose result is no string would otherwise not decode, so that its `commandId` could not be read and
 * the exchange would time out; `unlock$` checks the result, once the response is matched.
 */
const unlockResponse = textFields<Pick<UnlockResponse, 'commandId'>>({ commandId: undefined }, [
  'result',
]) as unknown as StandardSchema<UnlockResponse>

/** Throws for a result that is no string, as a handler without types may emit: the phone could not read it. */
function withTextResult(response: UnlockResponse): UnlockResponse {
  const { result }: { readonly result: unknown } = response
  if (typeof result === 'string') return response
  throw new TypeError(`the result of unlock is ${String(result)}: it must be a string`)
}

/** The lowest status of a failed command; lower statuses mean a malformed request. */
const failed = 500

/**
 * The endpoint between phones and cars. A response is matched by its `commandId` and by its topic, which contains the car.
 * A malformed command gets no response.
 */
export const unlockEndpoint: Endpoint<
  ContractTypes<
    'vehicles/unlock/req/{car}/{mobile}',
    UnlockRequest,
    UnlockResponse,
    'one',
    PayloadFieldCorrelation<'commandId'>
  >
> = endpoint({
  name: 'unlock',
  topic: 'vehicles/unlock/req/{car}/{mobile}',
  responseTopic: 'vehicles/unlock/res/{mobile}/{car}',
  responseFilter: 'vehicles/unlock/res/{mobile}/#',
  request: json(unlockRequest),
  response: json(unlockResponse, { encode: withTextResult }),
  correlation: payloadField('commandId'),
  cancel: 'local',
  onFailure: ({ code, message }) => (code < failed ? undefined : { result: message }),
})
