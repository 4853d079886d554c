/** A source of random numbers that are the same for the same seed. */
export interface Random {
  /** Returns a number from 0 up to, but excluding, 1. */
  readonly next: () => number
  /** Returns a whole number from 0 up to, but excluding, a limit. */
  readonly below: (limit: number) => number
  /** Returns the time to the next of independent events with this mean time between them. */
  readonly exponential: (mean: number) => number
  /** Returns a positive number with this median; two thirds lie within a factor of e^spread of it. */
  readonly lognormal: (median: number, spread: number) => number
}

/** Returns random numbers from a seed (the generator sfc32). */
export function seededRandom(seed: number): Random {
  let [a, b, c, counter] = [0x9e3779b9 ^ seed, seed >>> 0, 0x243f6a88, 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 0x1_0000_0000
  }
  for (let index = 0; index < 12; index += 1) next()
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    exponential: (mean) => -mean * Math.log(1 - next()),
    lognormal: (median, spread) => median * Math.exp(spread * normal()),
  }
}
