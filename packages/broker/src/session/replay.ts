import type { QoS } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'

/** A retained message on its way to a new subscription. */
export interface Replayed {
  readonly publication: Publication
  readonly qos: QoS
  readonly identifiers: readonly number[] | null
}

/** Retained messages that wait until the client has read what came before. */
export class Replay {
  #items: Replayed[] = []
  #next = 0

  add(publications: readonly Publication[], maximumQoS: QoS, identifiers: readonly number[] | null): void {
    for (const publication of publications) {
      this.#items.push({ publication, qos: Math.min(publication.qos, maximumQoS) as QoS, identifiers })
    }
  }

  peek(): Replayed | undefined {
    return this.#items[this.#next]
  }

  shift(): void {
    if (++this.#next < this.#items.length) return
    this.#items = []
    this.#next = 0
  }
}
