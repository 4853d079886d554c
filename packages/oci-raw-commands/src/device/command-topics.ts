import { invalidArgument, quoted } from '@antiphon/core/link'
import { assertTopicFilter } from '@antiphon/core/topic'

/** The topics of a device's commands and of their responses. */
export interface CommandTopics {
  /** Matches plain commands, `<base>/cmd`, and keyed commands, `<base>/cmd/<key…>`. */
  readonly filter: string
  /** Returns the response topic of a command topic, or `undefined` for another topic. */
  readonly responseTopicOf: (topic: string) => string | undefined
  /** Whether a topic ends in `/cmd`, so that responses are matched by order alone. */
  readonly isPlain: (topic: string) => boolean
}

/** Returns the topics of commands below a base such as `iot/v1`; a level of the base may be `+`. */
export function commandTopics(base: string): CommandTopics {
  // A `#` in the base would match the responses too.
  if (base.split('/').includes('#'))
    throw invalidArgument(`base is ${quoted(base)}: it must not contain #; use + for a level`)
  const filter = `${base}/cmd/#`
  assertTopicFilter(filter)
  const at = base.split('/').length
  return {
    filter,
    responseTopicOf: (topic) => {
      const levels = topic.split('/')
      return levels[at] === 'cmd'
        ? levels.map((level, index) => (index === at ? 'rsp' : level)).join('/')
        : undefined
    },
    isPlain: (topic) => topic.split('/').length === at + 1,
  }
}
