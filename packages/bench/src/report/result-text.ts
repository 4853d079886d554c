import type { Result } from '../result.js'

/** A result as JSON, a line for each outcome, with no more digits than mean something. */
export function resultText(result: Result): string {
  const text = JSON.stringify(result, (_, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value,
  )
  return `${text.replaceAll(/(?<=[[,])\{"(title|contestant|name)"/g, '\n{"$1"')}\n`
}
