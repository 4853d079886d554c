import { matches } from './filter.js'
import { isExpired, type StoredMessage } from './stored-message.js'

/** The retained messages of a broker. */
export interface Retained {
  /** Keeps, replaces or, with an empty payload, clears what is retained at the message's topic [MQTT-3.3.1-5..8]. */
  readonly keep: (stored: StoredMessage) => void
  /** What a new subscription to `filter` gets at `now`, in order of topic age. */
  readonly matching: (filter: string, now: number) => readonly StoredMessage[]
}

/** No message retained yet. */
export function retained(): Retained {
  const byTopic = new Map<string, StoredMessage>()
  return {
    keep: (stored) => {
      const { topic, payload } = stored.message
      if (payload.length === 0) byTopic.delete(topic)
      else byTopic.set(topic, stored)
    },
    matching: (filter, now) => {
      for (const [topic, stored] of byTopic) if (isExpired(stored, now)) byTopic.delete(topic)
      return [...byTopic.values()].filter(({ message }) => matches(filter, message.topic))
    },
  }
}
