import { invalidArgument } from '@antiphon/core/link'
import { addTopicSpace, topicSpace, type TopicSpace, type TopicSpaceDefinition } from '../topic-space.js'

/** The topic spaces of a hub, by name. */
export interface TopicSpaceRegistry {
  /** Throws `invalid-argument` on an unfit definition, a conflict, or one too many. */
  readonly create: (definition: TopicSpaceDefinition) => TopicSpace
  readonly get: (name: string) => TopicSpace | undefined
  readonly list: () => readonly TopicSpace[]
  readonly delete: (name: string) => void
  /** Has these spaces and no others from now on; they obey the same rules. */
  readonly load: (definitions: readonly TopicSpaceDefinition[]) => void
}

/** Makes an empty registry. */
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
        throw invalidArgument(`there is no topic space ${name}`)
      spaces = spaces.filter((space) => space.name !== name)
    },
  }
}
