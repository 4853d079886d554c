import { invalidArgument } from '@antiphon/core/link'
import { addTopicSpace, topicSpace, type TopicSpace, type TopicSpaceDefinition } from '../topic-space.js'

/** The topic spaces of a hub, by name. */
export interface TopicSpaceRegistry {
  /**
   * Adds a space, or updates the one of its name, whose type cannot change. Throws `invalid-argument` if it is invalid,
   * conflicts with another, or exceeds the limit.
   */
  readonly create: (definition: TopicSpaceDefinition) => TopicSpace
  readonly get: (name: string) => TopicSpace | undefined
  readonly list: () => readonly TopicSpace[]
  readonly delete: (name: string) => void
  /** Replaces all spaces; throws like `create`. */
  readonly load: (definitions: readonly TopicSpaceDefinition[]) => void
}

/** Creates an empty registry. */
export function topicSpaceRegistry(): TopicSpaceRegistry {
  let spaces: readonly TopicSpace[] = []
  return {
    create: (definition) => {
      const added = topicSpace(definition)
      spaces = addTopicSpace(spaces, added)
      return added
    },
    load: (definitions) => {
      spaces = definitions.map(topicSpace).reduce(addTopicSpace, [] as readonly TopicSpace[])
    },
    get: (name) => spaces.find((space) => space.name === name),
    list: () => spaces,
    delete: (name) => {
      if (!spaces.some((space) => space.name === name))
        throw invalidArgument(`cannot delete topic space ${name}: there is no topic space of that name`)
      spaces = spaces.filter((space) => space.name !== name)
    },
  }
}
