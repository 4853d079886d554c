import type { UserProperties } from '../message.js'

/** The prefix of User Properties that the protocol reserves. */
const PREFIX = '__'

/** The User Properties that requesters and responders write themselves. */
const OWN_PROPERTIES: ReadonlySet<string> = new Set([
  '__stat',
  '__stMsg',
  '__propName',
  '__propVal',
  '__apErr',
  '__supProtMajVer',
  '__requestProtVer',
  '__stream',
  '__credit',
  '__gather',
  '__ctl',
  '__ctlTopic',
  '__chunk',
  '__chunkId',
])

/** Returns why an application may not set User Properties; `undefined` if it may. `allowed` are the endpoint's own. */
export function reservedFault(
  properties: UserProperties | undefined,
  allowed: readonly string[],
): string | undefined {
  const reserved = properties?.find(([name]) => name.startsWith(PREFIX) && !allowed.includes(name))
  return reserved === undefined
    ? undefined
    : `userProperties has ${reserved[0]}: names that start with ${PREFIX} are reserved; rename it, or add it to the reservedProperties of the endpoint`
}

/** Returns what is wrong with the names of reserved User Properties that an endpoint lets its application set. */
export function reservedNamesFault(names: unknown): string | undefined {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    return 'it must be an array of strings'
  const plain = names.find((name) => !name.startsWith(PREFIX))
  if (plain !== undefined)
    return `: ${plain} does not start with ${PREFIX}, so it is not reserved; leave it out`
  const own = names.find((name) => OWN_PROPERTIES.has(name))
  return own === undefined ? undefined : `: the library sets ${own} itself; leave it out`
}
