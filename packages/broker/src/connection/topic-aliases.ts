import { PacketError, Reason, protocolError } from '@antiphon/packet'
import type { Limits } from '../limits.js'

/** The Topic Aliases that a client has defined on one connection. */
export class TopicAliases {
  readonly #limits: Pick<Limits, 'topicAliases' | 'topicAliasBytes'>
  #topics: Map<number, string> | undefined
  #bytes = 0

  constructor(limits: Pick<Limits, 'topicAliases' | 'topicAliasBytes'>) {
    this.#limits = limits
  }

  /** Throws a `PacketError` for an alias above the Topic Alias Maximum [MQTT-3.3.2-9]. */
  check(alias: number): void {
    const { topicAliases } = this.#limits
    if (alias <= topicAliases) return
    const rule = `the Topic Alias is ${alias}: the Topic Alias Maximum is ${topicAliases} [MQTT-3.3.2-9]`
    throw new PacketError(Reason.topicAliasInvalid, rule)
  }

  /** Defines or changes an alias; throws a `PacketError` if the topics of all aliases are too long together. */
  define(alias: number, topic: string): void {
    const topics = (this.#topics ??= new Map<number, string>())
    const { topicAliasBytes } = this.#limits
    const bytes = this.#bytes - Buffer.byteLength(topics.get(alias) ?? '') + Buffer.byteLength(topic)
    if (bytes > topicAliasBytes) {
      const rule = `the topics of all Topic Aliases have ${bytes} bytes: limits.topicAliasBytes is ${topicAliasBytes}`
      throw new PacketError(Reason.quotaExceeded, rule)
    }
    this.#bytes = bytes
    topics.set(alias, topic)
  }

  /** Returns the topic of an alias; throws a `PacketError` if it is not defined. */
  resolve(alias: number): string {
    const topic = this.#topics?.get(alias)
    if (topic === undefined) throw protocolError(`the Topic Alias ${alias} is not defined`)
    return topic
  }
}
