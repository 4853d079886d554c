import { invalidArgument, quoted } from '@antiphon/core/link'
import { covers, isMatch, overlaps, validateTopicFilter, validateTopicName } from '@antiphon/core/topic'
import { platformLimits } from './platform-limits.js'
import { parseTemplate, substitute } from './space-template.js'
import { widestFilter, type SpaceTemplate } from './topic-template.js'

/** The type of a space: publishing only, or publishing and subscribing by few or by many clients. */
export type TopicSpaceType = 'PublishOnly' | 'LowFanout' | 'HighFanout'

/** The definition of a topic space. */
export interface TopicSpaceDefinition {
  readonly name: string
  readonly type: TopicSpaceType
  readonly templates: readonly string[]
}

/** A valid topic space, created by `topicSpace`. */
export interface TopicSpace extends TopicSpaceDefinition {
  readonly parsed: readonly SpaceTemplate[]
}

/** A filter that a device may subscribe to, and the space that allows it. */
export interface SubscribeRight {
  readonly space: TopicSpace
  /** The template with the device id substituted. */
  readonly filter: string
}

const types: readonly TopicSpaceType[] = ['PublishOnly', 'LowFanout', 'HighFanout']

/** Creates a topic space; throws `invalid-argument` with the invalid value and the rule. */
export function topicSpace({ name, type, templates }: TopicSpaceDefinition): TopicSpace {
  const { templatesPerSpace } = platformLimits
  if (!/^[\w-]{1,50}$/.test(name)) {
    throw invalidArgument(
      `invalid topic space ${quoted(name)}: its name must be 1 to 50 letters, digits, dashes and underscores`,
    )
  }
  if (!types.includes(type)) {
    throw invalidArgument(
      `invalid topic space ${name}: its type is ${quoted(type)}: it must be one of ${types.join(', ')}`,
    )
  }
  if (templates.length < 1 || templates.length > templatesPerSpace) {
    throw invalidArgument(
      `invalid topic space ${name}: it has ${templates.length} templates: it must have 1 to ${templatesPerSpace}`,
    )
  }
  return { name, type, templates: [...templates], parsed: templates.map(parseTemplate) }
}

/**
 * Returns the spaces with one added, or replaced if there is one of its name. Throws `invalid-argument` if the limit is
 * reached, the type changes, or another space for subscribing overlaps it.
 */
export function addTopicSpace(spaces: readonly TopicSpace[], added: TopicSpace): readonly TopicSpace[] {
  const { topicSpaces } = platformLimits
  const existing = spaces.find(({ name }) => name === added.name)
  if (existing !== undefined && existing.type !== added.type)
    throw invalidArgument(
      `cannot change topic space ${added.name}: its type is ${existing.type} and stays so; delete it to create it as ${added.type}`,
    )
  const others = spaces.filter((space) => space !== existing)
  if (others.length >= topicSpaces)
    throw invalidArgument(
      `cannot add topic space ${added.name}: there are ${topicSpaces} already, which is the limit`,
    )
  const conflict = others.map((space) => conflictOf(space, added)).find((found) => found !== undefined)
  if (conflict !== undefined) throw invalidArgument(conflict)
  return existing === undefined
    ? [...spaces, added]
    : spaces.map((space) => (space === existing ? added : space))
}

/** Whether a device may publish to a topic: a template of any space, with the device id substituted, matches it. */
export function mayPublish(spaces: readonly TopicSpace[], deviceId: string, topic: string): boolean {
  if (validateTopicName(topic) !== undefined) return false
  return filtersOf(spaces, deviceId).some(({ filter }) => isMatch(filter, topic))
}

/** Whether a device may subscribe to a filter: one template of a space for subscribing covers it. */
export function maySubscribe(spaces: readonly TopicSpace[], deviceId: string, filter: string): boolean {
  return subscribeRights(spaces, deviceId, filter).length > 0
}

/** Whether a device may receive a message: a template of a space for subscribing matches its topic. */
export function mayReceive(spaces: readonly TopicSpace[], deviceId: string, topic: string): boolean {
  return filtersOf(spaces.filter(allowsSubscribing), deviceId).some(({ filter }) => isMatch(filter, topic))
}

/** Returns the templates that allow a device to subscribe to a filter; several if templates of a space overlap. */
export function subscribeRights(
  spaces: readonly TopicSpace[],
  deviceId: string,
  filter: string,
): readonly SubscribeRight[] {
  if (validateTopicFilter(filter) !== undefined) return []
  return filtersOf(spaces.filter(allowsSubscribing), deviceId).filter((right) => covers(right.filter, filter))
}

/** Caches the rights of each device in a space. */
const rightsCache = new WeakMap<TopicSpace, Map<string, readonly SubscribeRight[]>>()

function filtersOf(spaces: readonly TopicSpace[], deviceId: string): readonly SubscribeRight[] {
  return spaces.flatMap((space) => {
    const rightsByDevice = rightsCache.get(space) ?? new Map<string, readonly SubscribeRight[]>()
    const rights = rightsByDevice.get(deviceId) ?? toRights(space, deviceId)
    rightsCache.set(space, rightsByDevice.set(deviceId, rights))
    return rights
  })
}

function toRights(space: TopicSpace, deviceId: string): readonly SubscribeRight[] {
  return space.parsed.flatMap((template) => {
    const filter = substitute(template, deviceId)
    return filter === undefined ? [] : [{ space, filter }]
  })
}

function allowsSubscribing({ type }: TopicSpace): boolean {
  return type !== 'PublishOnly'
}

function conflictOf(space: TopicSpace, added: TopicSpace): string | undefined {
  if (!allowsSubscribing(space) || !allowsSubscribing(added)) return undefined
  for (const existing of space.parsed) {
    for (const template of added.parsed) {
      if (!overlaps(widestFilter(existing), widestFilter(template))) continue
      const conflict = `its template ${quoted(template.text)} overlaps ${quoted(existing.text)} of ${space.name}`
      return `cannot add topic space ${added.name}: ${conflict}`
    }
  }
  return undefined
}
