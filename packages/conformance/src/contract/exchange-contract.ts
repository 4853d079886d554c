import { contractOver } from './contract-over.js'
import { answeringCases } from './exchange/answering.js'
import { askingCases } from './exchange/asking.js'
import { connectingCases } from './exchange/connecting.js'
import { crowdingCases } from './exchange/crowding.js'
import { failingCases } from './exchange/failing.js'
import { findingCases } from './exchange/finding.js'
import { partsCases } from './exchange/parts.js'
import { questionCases } from './exchange/questions.js'
import { repeatingCases } from './exchange/repeating.js'
import { replyingCases } from './exchange/replying.js'
import { streamWireCases } from './exchange/stream-wire.js'
import { gatheringCases, streamCases } from './exchange/streams.js'
import { unfitCases } from './exchange/unfit.js'
import { withoutPropertiesCases } from './exchange/without-properties.js'
import type { CaseDefinition } from './scene.js'
import type { ContractSetting, LinkContract } from './world.js'

const definitions: readonly CaseDefinition[] = [
  ...questionCases,
  ...unfitCases,
  ...askingCases,
  ...failingCases,
  ...answeringCases,
  ...replyingCases,
  ...repeatingCases,
  ...crowdingCases,
  ...partsCases,
  ...streamCases,
  ...streamWireCases,
  ...gatheringCases,
  ...findingCases,
  ...withoutPropertiesCases,
  ...connectingCases,
]

/**
 * The promises of the two verbs, `request$` and `serve`, to be run over any link and broker: that what is said of them
 * on paper holds on the wire.
 *
 * As `linkContract`, which comes first: over a link that breaks its own contract these cases say little.
 *
 * @example
 * ```ts
 * const contract = exchangeContract({ makeWorld, abilities })
 * for (const { name, run } of contract.cases) it(name, run)
 * ```
 */
export function exchangeContract(setting: ContractSetting): LinkContract {
  return contractOver(definitions, setting)
}
