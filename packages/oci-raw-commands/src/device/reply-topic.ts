import { invalidArgument, quoted } from '@antiphon/core/link'
import { assertTopicFilter } from '@antiphon/core/topic'

/** Where a device hears commands, and where their replies go. */
export interface CommandTopics {
  /** Selects the plain style `<base>/cmd` and the keyed one, `<base>/cmd/<key…>`. */
  readonly filter: string
  /** What a command on this topic is answered on; `undefined` where it is none. */
  readonly replyTopicOf: (topic: string) => string | undefined
  /** It ends in `/cmd`, so that nothing but their order tells its commands apart. */
  readonly isPlain: (topic: string) => boolean
}

/** The topics of both styles of command below a base such as `iot/v1`; a level of it may be `+`. */
export function commandTopics(base: string): CommandTopics {
  // A `#` above the commands would select the replies too.
  if (base.split('/').includes('#'))
    throw invalidArgument(`base ${quoted(base)} must not hold #: use + for a level`)
  const filter = `${base}/cmd/#`
  assertTopicFilter(filter)
  const at = base.split('/').length
  return {
    filter,
    replyTopicOf: (topic) => {
      const levels = topic.split('/')
      return levels[at] === 'cmd'
        ? levels.map((level, index) => (index === at ? 'rsp' : level)).join('/')
        : undefined
    },
    isPlain: (topic) => topic.split('/').length === at + 1,
  }
}
