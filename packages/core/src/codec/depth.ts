/** Throws a `RangeError` if a nesting `depth` of arrays and objects exceeds `maximumDepth`. */
export function requireDepth(depth: number, maximumDepth: number): void {
  if (depth > maximumDepth) throw new RangeError(tooDeep(maximumDepth))
}

/** Returns the message for nesting beyond `maximumDepth`. */
export function tooDeep(maximumDepth: number): string {
  return `nested deeper than ${maximumDepth}`
}
