import { acknowledgementCases } from './cases/acknowledgement.js'
import { closeCases } from './cases/close.js'
import { publishCases } from './cases/publish.js'
import { queueCases } from './cases/queue.js'
import { robustnessCases } from './cases/robustness.js'
import { stateCases } from './cases/state.js'
import { subscriptionCases } from './cases/subscription.js'
import { windowCases } from './cases/window.js'
import { makeContract } from './make-contract.js'
import type { CaseDefinition } from './case-context.js'
import type { ContractSetting, LinkContract } from './world.js'

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
