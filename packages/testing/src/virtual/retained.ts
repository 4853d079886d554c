import { TopicTree } from '@antiphon/core/topic'
import { isExpired, type StoredMessage } from './stored-message.js'

/** The retained messages of a broker. */
export interface Retained {
  /** Keeps, replaces or, with an empty payload, clears what is retained at the message's topic [MQTT-3.3.1-5..8]. */
  readonly keep: (stored: StoredMessage) => void
  /** What a new subscription to `filter` gets at `now`, in the order of publishing. */
  readonly matching: (filter: string, now: number) => readonly StoredMessage[]
}

/** No message retained yet. */
export function retained(): Retained {
  const byTopic = new TopicTree<{ readonly stored: StoredMessage; readonly place: number }>()
  let last = 0
  return {
    keep: (stored) => {
      const { topic, payload } = stored.message
      if (payload.length === 0) byTopic.delete(topic)
      else byTopic.set(topic, { stored, place: (last += 1) })
    },
    matching: (filter, now) => {
      const found: { readonly stored: StoredMessage; readonly place: number }[] = []
      byTopic.matchFilter(filter, (kept, topic) => {
        if (isExpired(kept.stored, now)) byTopic.delete(topic)
        else found.push(kept)
      })
      return found.sort((one, other) => one.place - other.place).map(({ stored }) => stored)
    },
  }
}
