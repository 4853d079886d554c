import { selects } from './is-match.js'
import { Branch, type Slot, type TreeEntry } from './level-tree.js'

const dollar = 0x24

/** A breadth-first walk over all branches that a topic can match. */
export class TopicWalk<E extends TreeEntry<E>> {
  readonly #topic: string
  readonly #found: E[]
  /** The index in the topic at which the current level begins. */
  #start = 0
  #next: Branch<E>[] = []

  constructor(topic: string, found: E[]) {
    this.#topic = topic
    this.#found = found
  }

  /** Adds to `found` every entry with `isWalked` whose filter matches the topic. */
  from(root: Branch<E>): void {
    const topic = this.#topic
    let frontier = [root]
    // Wildcards do not match a first level that begins with `$` [MQTT-4.7.2-1].
    let isReserved = topic.charCodeAt(0) === dollar
    while (frontier.length > 0 && this.#start <= topic.length) {
      const slash = topic.indexOf('/', this.#start)
      const end = slash < 0 ? topic.length : slash
      const level = topic.slice(this.#start, end)
      for (const branch of frontier) {
        if (!isReserved) {
          this.#collect(branch.hash)
          this.#follow(branch.plus, branch)
        }
        this.#follow(branch.children.get(level), branch)
      }
      frontier = this.#next
      this.#next = []
      this.#start = end + 1
      isReserved = false
    }
    for (const branch of frontier) {
      this.#collect(branch.ending)
      this.#collect(branch.hash)
    }
  }

  #collect(head: E | undefined): void {
    for (let entry = head; entry !== undefined; entry = entry.next) {
      if (entry.isWalked) this.#found.push(entry)
    }
  }

  #follow(slot: Slot<E> | undefined, { offset }: Branch<E>): void {
    if (slot === undefined) return
    if (slot instanceof Branch) {
      if (slot.walkedCount > 0) this.#next.push(slot)
    } else if (slot.isWalked || slot.next !== undefined) {
      if (selects(slot.selector, offset, this.#topic, this.#start)) this.#collect(slot)
    }
  }
}
