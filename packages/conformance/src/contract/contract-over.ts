import type { CaseDefinition, Scene } from './scene.js'
import type { Ability, ContractSetting, ContractWorld, LinkContract } from './world.js'

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
 * Puts promises over a setting: those it has the abilities for as cases, each in a world of its own, the others as
 * unexamined.
 */
export function contractOver(
  definitions: readonly CaseDefinition[],
  { makeWorld, abilities }: ContractSetting,
): LinkContract {
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
          const verdict = await settled(
            definition.run(sceneOf(world, definition, definitions.indexOf(definition))),
          )
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
function sceneOf(world: ContractWorld, { name, needs = [] }: CaseDefinition, number: number): Scene {
  const has = (member: keyof ContractWorld): boolean => {
    const ability = abilityOf[member]
    return ability === undefined || needs.includes(ability)
  }
  const missing = (member: string) => (): never => {
    throw new Error(`'${name}' uses ${member}, which it does not need, or which the world lacks.`)
  }
  const prefix = world.prefix ?? 'contract'
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
