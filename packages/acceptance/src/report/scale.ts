/** A value's place on the paper, and the values that are named at the edge. */
export interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly { readonly at: number; readonly text: string }[]
}

type Range = readonly [from: number, to: number]

/** An even scale over all the values. */
export function linearScale(values: readonly number[], [from, to]: Range): Scale {
  const least = Math.min(...finite(values))
  const most = Math.max(...finite(values))
  const span = most - least || 1
  const at = (value: number): number => from + ((value - least) / span) * (to - from)
  const step = roundStep(span / 5)
  const first = Math.ceil(least / step)
  const count = Math.floor((least + span) / step) - first + 1
  const marks = Array.from({ length: count }, (_, index) => (first + index) * step)
  return { at, ticks: marks.map((mark) => ({ at: at(mark), text: short(mark) })) }
}

/** A scale by powers of ten over all the values; what is below 1 stands at 1. */
export function logarithmicScale(values: readonly number[], [from, to]: Range): Scale {
  const powers = Math.max(1, Math.ceil(Math.log10(Math.max(1, ...finite(values)))))
  const at = (value: number): number => from + (Math.log10(Math.max(1, value)) / powers) * (to - from)
  const marks = Array.from({ length: powers + 1 }, (_, power) => 10 ** power)
  return { at, ticks: marks.map((mark) => ({ at: at(mark), text: short(mark) })) }
}

function finite(values: readonly number[]): readonly number[] {
  const sound = values.filter(Number.isFinite)
  return sound.length === 0 ? [0] : sound
}

/** The next of 1, 2, 5, 10, 20 … */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  return (([1, 2, 5, 10] as const).find((each) => each * power >= step) ?? 10) * power
}

function short(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value)
}
