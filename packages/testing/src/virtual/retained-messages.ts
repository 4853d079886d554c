import { TopicTree } from '@antiphon/core/topic'
import { isExpired, type StoredMessage } from './stored-message.js'

/** The retained messages of a broker. */
export interface RetainedMessages {
  /** Sets the retained message of a topic, or clears it with an empty payload [MQTT-3.3.1-5..8]. */
  readonly set: (stored: StoredMessage) => void
  /** Returns the retained messages for a new subscription, in the order of publishing. */
  readonly matching: (filter: string, now: number) => readonly StoredMessage[]
}

/** Returns an empty set of retained messages. */
export function retainedMessages(): RetainedMessages {
  const byTopic = new TopicTree<{ readonly stored: StoredMessage; readonly sequence: number }>()
  let lastSequence = 0
  return {
    set: (stored) => {
      const { topic, payload } = stored.message
      if (payload.length === 0) byTopic.delete(topic)
      else byTopic.set(topic, { stored, sequence: (lastSequence += 1) })
    },
    matching: (filter, now) => {
      const found: { readonly stored: StoredMessage; readonly sequence: number }[] = []
      byTopic.matchFilter(filter, (entry, topic) => {
        if (isExpired(entry.stored, now)) byTopic.delete(topic)
        else found.push(entry)
      })
      return found.sort((a, b) => a.sequence - b.sequence).map(({ stored }) => stored)
    },
  }
}
