import type { Result } from '../result.js'

/** Returns a result as JSON with one line per outcome and at most three decimals. */
export function resultText(result: Result): string {
  const text = JSON.stringify(result, (_, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value,
  )
  return `${text.replaceAll(/(?<=[[,])\{"(title|contestant|name)"/g, '\n{"$1"')}\n`
}
