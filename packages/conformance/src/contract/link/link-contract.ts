import { acknowledgementCases } from './acknowledgement.js'
import { closeCases } from './close.js'
import { publishCases } from './publish.js'
import { queueCases } from './queue.js'
import { robustnessCases } from './robustness.js'
import { stateCases } from './state.js'
import { subscriptionCases } from './subscription.js'
import { windowCases } from './window.js'
import { makeContract } from '../make-contract.js'
import type { CaseDefinition } from '../case-context.js'
import type { ContractSetting, LinkContract } from '../world.js'

const definitions: readonly CaseDefinition[] = [
  ...stateCases,
  ...subscriptionCases,
  ...windowCases,
  ...acknowledgementCases,
  ...publishCases,
  ...queueCases,
  ...robustnessCases,
  ...closeCases,
]

/**
 * Returns the cases that every `Link` must pass. If you implement a link, run them in any test framework.
 *
 * Every case makes its own world. A case whose abilities the setting lacks is listed in `unexamined`.
 *
 * @example
 * ```ts
 * const contract = linkContract({ makeWorld, abilities })
 * for (const { name, run } of contract.cases) it(name, run)
 * it('runs all cases but those that need a restart', () => expect(contract.unexamined.map(({ name }) => name)).toEqual([…]))
 * ```
 */
export function linkContract(setting: ContractSetting): LinkContract {
  return makeContract(definitions, setting)
}
