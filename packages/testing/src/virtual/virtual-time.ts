import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs'

/** A scheduler whose clock goes when it is told to, from one thing that is due to the next. */
export interface VirtualTime {
  readonly scheduler: SchedulerLike
  /** Goes on to what is due next and does all of that instant; not beyond `end`. Says whether there was anything. */
  readonly step: (end: number) => boolean
  /** Does all that is due until then, and is there. */
  readonly runTo: (end: number) => void
  /** When what is still to come is due. */
  readonly pending: () => readonly number[]
}

/**
 * Time that begins at 0. What is due at one instant happens in the order in which it was scheduled.
 *
 * RxJS's own virtual scheduler sorts all that is pending each time something is added; with a thousand packets under way
 * it did little else.
 */
export function virtualTime(): VirtualTime {
  const entries: Entry[] = []
  let frame = 0

  const add = (delay: number, act: () => void): Entry => {
    const entry = { due: frame + Math.max(0, delay), act }
    entries.splice(placeAfter(entries, entry.due), 0, entry)
    return entry
  }
  const remove = (entry: Entry): void => {
    const from = placeAfter(entries, entry.due) - 1
    const place = entries.lastIndexOf(entry, from)
    if (place >= 0) entries.splice(place, 1)
  }

  const step = (end: number): boolean => {
    const next = entries[0]
    if (next === undefined || next.due > end) return false
    frame = next.due
    for (let first: Entry | undefined = next; first?.due === frame; first = entries[0]) {
      entries.shift()
      first.act()
    }
    return true
  }

  return {
    scheduler: {
      now: () => frame,
      schedule: <T>(work: Work<T>, delay = 0, state?: T) =>
        new Action(work, { add, remove }).schedule(state, delay),
    },
    step,
    runTo: (end) => {
      while (step(end));
      frame = end
    },
    pending: () => entries.map(({ due }) => due),
  }
}

type Work<T> = (this: SchedulerAction<T>, state?: T) => void

interface Entry {
  readonly due: number
  readonly act: () => void
}

interface Agenda {
  readonly add: (delay: number, act: () => void) => Entry
  readonly remove: (entry: Entry) => void
}

/** Something to do, which may schedule itself again. */
class Action<T> extends Subscription implements SchedulerAction<T> {
  readonly #work: Work<T>
  readonly #agenda: Agenda
  #entry: Entry | undefined

  constructor(work: Work<T>, agenda: Agenda) {
    super(() => this.#leave())
    this.#work = work
    this.#agenda = agenda
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this
    this.#leave()
    this.#entry = this.#agenda.add(delay, () => {
      this.#entry = undefined
      this.#work.call(this, state)
    })
    return this
  }

  #leave(): void {
    if (this.#entry !== undefined) this.#agenda.remove(this.#entry)
    this.#entry = undefined
  }
}

/** Where something due at `due` comes in, behind all that is due no later. */
function placeAfter(entries: readonly Entry[], due: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.due ?? Infinity) <= due) low = middle + 1
    else high = middle
  }
  return low
}
