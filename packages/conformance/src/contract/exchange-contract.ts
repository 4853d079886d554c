import { makeContract } from './make-contract.js'
import { responderCases } from './exchange/responder.js'
import { requesterCases } from './exchange/requester.js'
import { reconnectionCases } from './exchange/reconnection.js'
import { concurrencyCases } from './exchange/concurrency.js'
import { failureCases } from './exchange/failures.js'
import { correlationCases } from './exchange/correlation.js'
import { chunkCases } from './exchange/chunks.js'
import { requestMessageCases } from './exchange/request-messages.js'
import { duplicateRequestCases } from './exchange/duplicate-requests.js'
import { responseCases } from './exchange/responses.js'
import { streamProtocolCases } from './exchange/stream-protocol.js'
import { gatherCases, streamCases } from './exchange/streams.js'
import { invalidRequestCases } from './exchange/invalid-requests.js'
import { withoutPropertiesCases } from './exchange/without-properties.js'
import { groupCases } from './exchange/groups.js'
import type { CaseDefinition } from './case-context.js'
import type { ContractSetting, LinkContract } from './world.js'

const definitions: readonly CaseDefinition[] = [
  ...requestMessageCases,
  ...invalidRequestCases,
  ...requesterCases,
  ...failureCases,
  ...responderCases,
  ...responseCases,
  ...duplicateRequestCases,
  ...concurrencyCases,
  ...chunkCases,
  ...streamCases,
  ...streamProtocolCases,
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
