import {
  endpoint,
  json,
  payloadField,
  type ContractTypes,
  type Endpoint,
  type PayloadFieldCorrelation,
} from '@antiphon/core'
import * as t from 'io-ts'

/** What a phone asks of a car. */
export interface UnlockRequest {
  readonly command: 'unlock'
  /** Tells this command from all others. */
  readonly commandId: string
  /** Who asks, by its own account. The topic names whom the hub vouches for. */
  readonly requestorId: string
  readonly authorization: string
  readonly credentials: string
}

/** What the car says to it. */
export interface UnlockResponse {
  readonly commandId: string
  /** `Success`, or why not. */
  readonly result: string
}

/** The result of a car that did as it was told. */
export const SUCCESS = 'Success'

const unlockRequest: t.Type<UnlockRequest> = t.type({
  command: t.literal('unlock'),
  commandId: t.string,
  requestorId: t.string,
  authorization: t.string,
  credentials: t.string,
})

const unlockResponse: t.Type<UnlockResponse> = t.type({ commandId: t.string, result: t.string })

/** A failure of the command itself, in contrast to a command that cannot be understood. */
const failed = 500

/**
 * The contract between phones and cars: an answer belongs to a command by its `commandId` and by its topic, which names
 * the car that was asked. A command that cannot be understood is not answered.
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
  onFailure: ({ code, message }) => (code < failed ? undefined : { result: message }),
})
