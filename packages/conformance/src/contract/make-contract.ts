import type { CaseDefinition, CaseContext } from './case-context.js'
import type { Ability, ContractSetting, ContractWorld, LinkContract } from './world.js'

/** The ability that a member of the world needs. */
const abilityOf: Readonly<Partial<Record<keyof ContractWorld, Ability>>> = {
  cut: 'cut',
  restore: 'cut',
  loseSession: 'lose-session',
  restart: 'restart',
  refuseSubscribe: 'refuse-subscribe',
  refusePublish: 'refuse-publish',
  setReceiveMaximum: 'receive-maximum',
  sendMalformed: 'send-malformed',
  packets: 'count-packets',
  leftovers: 'leftovers',
}

/**
 * Binds case definitions to a setting. Definitions whose abilities the setting has become cases, each with its own
 * world; the others are listed as unexamined.
 */
export function makeContract(
  definitions: readonly CaseDefinition[],
  { makeWorld, abilities }: ContractSetting,
): LinkContract {
  const lackedAbilities = ({ needs = [] }: CaseDefinition): readonly { ability: Ability; reason: string }[] =>
    needs.flatMap((ability) => {
      const has = abilities[ability]
      return has === true ? [] : [{ ability, reason: has }]
    })
  return {
    cases: definitions
      .filter((definition) => lackedAbilities(definition).length === 0)
      .map((definition) => ({
        subject: definition.subject,
        name: definition.name,
        run: async () => {
          const world = await makeWorld()
          const caseResult = await failuresOf(
            definition.run(caseContextOf(world, definition, definitions.indexOf(definition))),
          )
          const disposal = await failuresOf(world.dispose())
          for (const { reasons } of [caseResult, disposal]) for (const reason of reasons) throw reason
        },
      })),
    unexamined: definitions
      .map((definition) => ({ name: definition.name, lacks: lackedAbilities(definition) }))
      .filter(({ lacks }) => lacks.length > 0),
  }
}

/** Resolves with the reason of a rejection, so that the failure of a case takes precedence over that of `dispose`. */
function failuresOf(run: Promise<void>): Promise<{ readonly reasons: readonly unknown[] }> {
  return run.then(
    () => ({ reasons: [] }),
    (reason: unknown) => ({ reasons: [reason] }),
  )
}

/** Restricts the world to the members whose abilities the case declares in `needs`. */
function caseContextOf(
  world: ContractWorld,
  { name, needs = [] }: CaseDefinition,
  number: number,
): CaseContext {
  const has = (member: keyof ContractWorld): boolean => {
    const ability = abilityOf[member]
    return ability === undefined || needs.includes(ability)
  }
  const throwMissing = (member: string) => (): never => {
    throw new Error(
      `cannot use ${member} in the case '${name}': the case must declare its ability in needs, and the world must have the member`,
    )
  }
  const prefix = world.prefix ?? 'contract'
  const memberOf = <K extends keyof ContractWorld>(member: K): NonNullable<ContractWorld[K]> =>
    ((has(member) ? world[member] : undefined) ?? throwMissing(member)) as NonNullable<ContractWorld[K]>
  return {
    link: world.link,
    peer: world.peer,
    eventually: world.eventually,
    settle: world.settle,
    cut: memberOf('cut'),
    restore: memberOf('restore'),
    loseSession: memberOf('loseSession'),
    restart: memberOf('restart'),
    refuseSubscribe: memberOf('refuseSubscribe'),
    refusePublish: memberOf('refusePublish'),
    setReceiveMaximum: memberOf('setReceiveMaximum'),
    sendMalformed: memberOf('sendMalformed'),
    packets: memberOf('packets'),
    leftovers: memberOf('leftovers'),
    topic: (rest) => `${prefix}/${number}/${rest}`,
  }
}
