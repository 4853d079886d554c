/** Somebody's place in a line, which can be left at once from anywhere. */
export class Place<T> {
  readonly holder: T
  /** @internal */
  line: Line<T> | undefined
  /** @internal */
  before: Place<T> | undefined
  /** @internal */
  behind: Place<T> | undefined

  constructor(holder: T) {
    this.holder = holder
  }

  /** Leaves the line, if it stands in one. */
  leave(): void {
    this.line?.remove(this)
  }
}

/** A queue in which everything costs the same however long it is, leaving from the middle included. */
export class Line<T> {
  #first: Place<T> | undefined
  #last: Place<T> | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#first?.holder
  }

  /** Takes a place that is in no line to the end of this one. */
  push(place: Place<T>): void {
    place.line = this
    place.before = this.#last
    if (this.#last === undefined) this.#first = place
    else this.#last.behind = place
    this.#last = place
    this.#length++
  }

  /** Lets the first one go, and says who it was. */
  shift(): T | undefined {
    const first = this.#first
    first?.leave()
    return first?.holder
  }

  /** Takes all that stand in another line, in their order, to the front of this one. */
  unshiftAll(other: Line<T>): void {
    for (let place = other.#last; place !== undefined; place = other.#last) {
      other.remove(place)
      place.line = this
      place.behind = this.#first
      if (this.#first === undefined) this.#last = place
      else this.#first.before = place
      this.#first = place
      this.#length++
    }
  }

  /** @internal */
  remove(place: Place<T>): void {
    const { before, behind } = place
    if (before === undefined) this.#first = behind
    else before.behind = behind
    if (behind === undefined) this.#last = before
    else behind.before = before
    place.line = place.before = place.behind = undefined
    this.#length--
  }
}
