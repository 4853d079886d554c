const compactFormat = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

/** Formats a number for an axis: 0.5, 200, 1.5K. */
export function compact(value: number): string {
  return compactFormat.format(value)
}

/** Formats a number with grouped thousands and a fixed number of decimals. */
export function fixed(value: number, digits = 0): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Estimates the width of the longest text in pixels, for a wide bold font: Node cannot measure text. */
export function widthOf(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length)) * 7.6
}
