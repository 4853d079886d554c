/** A queue whose both operations cost the same however long it is. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#head]
  }

  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (this.length === 0) return undefined
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length) this.clear()
    else if (this.#head > 1024 && this.#head * 2 > this.#items.length) this.#compact([])
    return item
  }

  /** Puts items before all others, in their order. */
  unshift(items: readonly T[]): void {
    if (items.length > 0) this.#compact(items)
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }

  #compact(first: readonly T[]): void {
    this.#items = [...first, ...this.#items.slice(this.#head)]
    this.#head = 0
  }
}
