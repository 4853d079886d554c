/** A source of numbers from 0 to below 1. Equal seeds give equal numbers. */
export type Random = () => number

/** Returns a source of numbers (mulberry32), which is not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Returns a whole number from `least` to `most`. */
export function wholeNumber(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1))
}

/** Returns one of several items. */
export function pick<A>(random: Random, items: readonly A[]): A | undefined {
  return items[Math.floor(random() * items.length)]
}
