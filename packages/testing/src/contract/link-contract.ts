import { acknowledgementCases } from './cases/acknowledgement.js'
import { closeCases } from './cases/close.js'
import { publishCases } from './cases/publish.js'
import { queueCases } from './cases/queue.js'
import { robustnessCases } from './cases/robustness.js'
import { stateCases } from './cases/state.js'
import { subscriptionCases } from './cases/subscription.js'
import { windowCases } from './cases/window.js'
import type { CaseDefinition, Scene } from './scene.js'
import type { Ability, ContractSetting, ContractWorld, LinkContract } from './world.js'

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

/** Which ability each of a world's members needs. */
const abilityOf: Readonly<Partial<Record<keyof ContractWorld, Ability>>> = {
  cut: 'cut',
  restore: 'cut',
  loseSession: 'lose-session',
  restart: 'restart',
  refuseSubscribe: 'refuse-subscribe',
  refusePublish: 'refuse-publish',
  sendMalformed: 'send-malformed',
  packets: 'count-packets',
  leftovers: 'leftovers',
}

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
export function linkContract({ makeWorld, abilities }: ContractSetting): LinkContract {
  const lacking = ({ needs = [] }: CaseDefinition): readonly { ability: Ability; reason: string }[] =>
    needs.flatMap((ability) => {
      const has = abilities[ability]
      return has === true ? [] : [{ ability, reason: has }]
    })
  return {
    cases: definitions
      .filter((definition) => lacking(definition).length === 0)
      .map((definition) => ({
        subject: definition.subject,
        name: definition.name,
        run: async () => {
          const world = await makeWorld()
          const verdict = await settled(definition.run(sceneOf(world, definition)))
          const cleanUp = await settled(world.dispose())
          for (const { reasons } of [verdict, cleanUp]) for (const reason of reasons) throw reason
        },
      })),
    unexamined: definitions
      .map((definition) => ({ name: definition.name, lacks: lacking(definition) }))
      .filter(({ lacks }) => lacks.length > 0),
  }
}

/** Why it failed, where it did: what a case found weighs more than what went wrong in tidying up. */
function settled(run: Promise<void>): Promise<{ readonly reasons: readonly unknown[] }> {
  return run.then(
    () => ({ reasons: [] }),
    (reason: unknown) => ({ reasons: [reason] }),
  )
}

/** The world with nothing in it beyond what the case says it needs, so that what it says is true. */
function sceneOf(world: ContractWorld, { name, needs = [] }: CaseDefinition): Scene {
  const has = (member: keyof ContractWorld): boolean => {
    const ability = abilityOf[member]
    return ability === undefined || needs.includes(ability)
  }
  const missing = (member: string) => (): never => {
    throw new Error(`'${name}' uses ${member}, which it does not need, or which the world lacks.`)
  }
  const prefix = world.prefix ?? 'contract'
  const number = definitions.findIndex((definition) => definition.name === name)
  const take = <K extends keyof ContractWorld>(member: K): NonNullable<ContractWorld[K]> =>
    ((has(member) ? world[member] : undefined) ?? missing(member)) as NonNullable<ContractWorld[K]>
  return {
    link: world.link,
    peer: world.peer,
    eventually: world.eventually,
    settle: world.settle,
    cut: take('cut'),
    restore: take('restore'),
    loseSession: take('loseSession'),
    restart: take('restart'),
    refuseSubscribe: take('refuseSubscribe'),
    refusePublish: take('refusePublish'),
    sendMalformed: take('sendMalformed'),
    packets: take('packets'),
    leftovers: take('leftovers'),
    topic: (rest) => `${prefix}/${number}/${rest}`,
  }
}
