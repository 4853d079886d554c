import { invalidArgument, quoted } from '@antiphon/core/link'
import { covers, isMatch, overlaps, validateTopicFilter, validateTopicName } from '@antiphon/core/topic'
import { platformLimits } from './platform-limits.js'
import { parseTemplate, substitute, widestFilter, type SpaceTemplate } from './space-template.js'

/** What a space is for: publishing only, or publishing and subscribing by few or by many. */
export type TopicSpaceType = 'PublishOnly' | 'LowFanout' | 'HighFanout'

/** A topic space as its owner writes it. */
export interface TopicSpaceDefinition {
  readonly name: string
  readonly type: TopicSpaceType
  readonly templates: readonly string[]
}

/** A topic space that obeys the rules, made by `topicSpace`. */
export interface TopicSpace extends TopicSpaceDefinition {
  readonly parsed: readonly SpaceTemplate[]
}

/** A filter that somebody may subscribe to, and the space that says so. */
export interface SubscribeRight {
  readonly space: TopicSpace
  /** The template with the device's id filled in. */
  readonly filter: string
}

const types: readonly TopicSpaceType[] = ['PublishOnly', 'LowFanout', 'HighFanout']

/** Checks a topic space; throws `invalid-argument` naming what is unfit. */
export function topicSpace({ name, type, templates }: TopicSpaceDefinition): TopicSpace {
  const { templatesPerSpace } = platformLimits
  if (!/^[\w-]{1,50}$/.test(name)) {
    throw invalidArgument(
      `topic space ${quoted(name)}: its name must be 1 to 50 letters, digits, dashes and underscores`,
    )
  }
  if (!types.includes(type)) {
    throw invalidArgument(`topic space ${name}: its type is ${quoted(type)}: use ${types.join(', ')}`)
  }
  if (templates.length < 1 || templates.length > templatesPerSpace) {
    throw invalidArgument(
      `topic space ${name}: it has ${templates.length} templates: 1 to ${templatesPerSpace} are allowed`,
    )
  }
  return { name, type, templates: [...templates], parsed: templates.map(parseTemplate) }
}

/**
 * The spaces with one more. Throws `invalid-argument` when there are as many as may be, one of that name, or another for
 * subscribing that overlaps it.
 */
export function addTopicSpace(spaces: readonly TopicSpace[], added: TopicSpace): readonly TopicSpace[] {
  const { topicSpaces } = platformLimits
  if (spaces.some(({ name }) => name === added.name))
    throw invalidArgument(`topic space ${added.name}: there is one already, and its type stays as it is`)
  if (spaces.length >= topicSpaces)
    throw invalidArgument(`topic space ${added.name}: there are ${topicSpaces} already, and no more may be`)
  const conflict = spaces.map((space) => conflictOf(space, added)).find((found) => found !== undefined)
  if (conflict !== undefined) throw invalidArgument(conflict)
  return [...spaces, added]
}

/** Whether a device may publish to a topic: it is in a template of any space, with the device's id filled in. */
export function mayPublish(spaces: readonly TopicSpace[], deviceId: string, topic: string): boolean {
  if (validateTopicName(topic) !== undefined) return false
  return filtersOf(spaces, deviceId).some(({ filter }) => isMatch(filter, topic))
}

/** Whether a device may subscribe to a filter: every topic of it is in one template of a space for subscribing. */
export function maySubscribe(spaces: readonly TopicSpace[], deviceId: string, filter: string): boolean {
  return subscribeRights(spaces, deviceId, filter).length > 0
}

/** By what templates a device may subscribe to a filter; several where a space's own templates overlap. */
export function subscribeRights(
  spaces: readonly TopicSpace[],
  deviceId: string,
  filter: string,
): readonly SubscribeRight[] {
  if (validateTopicFilter(filter) !== undefined) return []
  return filtersOf(spaces.filter(isForSubscribing), deviceId).filter((right) => covers(right.filter, filter))
}

/** What the templates of a space are for the devices that were asked for so far. */
const rightsIn = new WeakMap<TopicSpace, Map<string, readonly SubscribeRight[]>>()

function filtersOf(spaces: readonly TopicSpace[], deviceId: string): readonly SubscribeRight[] {
  return spaces.flatMap((space) => {
    const known = rightsIn.get(space) ?? new Map<string, readonly SubscribeRight[]>()
    const rights = known.get(deviceId) ?? toRights(space, deviceId)
    rightsIn.set(space, known.set(deviceId, rights))
    return rights
  })
}

function toRights(space: TopicSpace, deviceId: string): readonly SubscribeRight[] {
  return space.parsed.flatMap((template) => {
    const filter = substitute(template, deviceId)
    return filter === undefined ? [] : [{ space, filter }]
  })
}

function isForSubscribing({ type }: TopicSpace): boolean {
  return type !== 'PublishOnly'
}

function conflictOf(space: TopicSpace, added: TopicSpace): string | undefined {
  if (!isForSubscribing(space) || !isForSubscribing(added)) return undefined
  for (const theirs of space.parsed) {
    for (const ours of added.parsed) {
      if (!overlaps(widestFilter(theirs), widestFilter(ours))) continue
      return `topic space ${added.name}: ${quoted(ours.text)} overlaps ${quoted(theirs.text)} of ${space.name}`
    }
  }
  return undefined
}
