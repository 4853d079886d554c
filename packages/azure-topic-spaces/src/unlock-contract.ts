import {
  endpoint,
  json,
  payloadField,
  type ContractTypes,
  type Endpoint,
  type PayloadFieldCorrelation,
} from '@antiphon/core'
import * as t from 'io-ts'

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

const unlockRequest: t.Type<UnlockRequest> = t.type({
  command: t.literal('unlock'),
  commandId: t.string,
  requestorId: t.string,
  authorization: t.string,
  credentials: t.string,
})

/**
 * Any result. A response whose result is no string would otherwise not decode, so that its `commandId` could not be read and
 * the exchange would time out; `unlock$` checks the result, once the response is matched.
 */
const anyResult = new t.Type<string, string>(
  'result',
  t.string.is,
  (value) => t.success(value as string),
  String,
)

const unlockResponse: t.Type<UnlockResponse> = t.type({ commandId: t.string, result: anyResult })

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
  response: json(unlockResponse),
  correlation: payloadField('commandId'),
  cancel: 'local',
  onFailure: ({ code, message }) => (code < failed ? undefined : { result: message }),
})
