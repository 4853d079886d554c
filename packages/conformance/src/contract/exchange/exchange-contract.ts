import { makeContract } from '../make-contract.js'
import { responderCases } from './responder.js'
import { requesterCases } from './requester.js'
import { reconnectionCases } from './reconnection.js'
import { concurrencyCases } from './concurrency.js'
import { failureCases } from './failures.js'
import { correlationCases } from './correlation.js'
import { chunkCases } from './chunks.js'
import { messagePropertyCases } from './message-properties.js'
import { requestMessageCases } from './request-messages.js'
import { duplicateRequestCases } from './duplicate-requests.js'
import { responseCases } from './responses.js'
import { streamProtocolCases } from './stream-protocol.js'
import { gatherCases, streamCases } from './streams.js'
import { requestStreamCases } from './request-streams.js'
import { groupCases } from './groups.js'
import { invalidRequestCases } from './invalid-requests.js'
import { withoutPropertiesCases } from './without-properties.js'
import type { CaseDefinition } from '../case-context.js'
import type { ContractSetting, LinkContract } from '../world.js'

const definitions: readonly CaseDefinition[] = [
  ...requestMessageCases,
  ...invalidRequestCases,
  ...requesterCases,
  ...failureCases,
  ...responderCases,
  ...responseCases,
  ...messagePropertyCases,
  ...duplicateRequestCases,
  ...concurrencyCases,
  ...chunkCases,
  ...streamCases,
  ...streamProtocolCases,
  ...requestStreamCases,
  ...gatherCases,
  ...groupCases,
  ...correlationCases,
  ...withoutPropertiesCases,
  ...reconnectionCases,
]

/**
 * Returns the cases that `request$` and `serve` must pass over a link and its broker.
 *
 * Run `linkContract` first: over a link that fails it, these cases prove little.
 *
 * @example
 * ```ts
 * const contract = exchangeContract({ makeWorld, abilities })
 * for (const { name, run } of contract.cases) it(name, run)
 * ```
 */
export function exchangeContract(setting: ContractSetting): LinkContract {
  return makeContract(definitions, setting)
}
