import { acknowledgementCases } from './cases/acknowledgement.js'
import { closeCases } from './cases/close.js'
import { publishCases } from './cases/publish.js'
import { queueCases } from './cases/queue.js'
import { robustnessCases } from './cases/robustness.js'
import { stateCases } from './cases/state.js'
import { subscriptionCases } from './cases/subscription.js'
import { windowCases } from './cases/window.js'
import { contractOver } from './contract-over.js'
import type { CaseDefinition } from './scene.js'
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
 * The promises of the Link port, to be run over any link: the contract of whoever writes one.
 *
 * Every case makes a world of its own. What the setting lacks an ability for is listed as `unexamined`, never dropped
 * in silence. Knows no test framework.
 *
 * @example
 * ```ts
 * const contract = linkContract({ makeWorld, abilities })
 * for (const { name, run } of contract.cases) it(name, run)
 * it('examines everything but restarts', () => expect(contract.unexamined.map(({ name }) => name)).toEqual([…]))
 * ```
 */
export function linkContract(setting: ContractSetting): LinkContract {
  return contractOver(definitions, setting)
}
