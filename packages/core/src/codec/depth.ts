/** Throws a `RangeError` when `depth` arrays and objects stand within each other and only `maximumDepth` may. */
export function requireDepth(depth: number, maximumDepth: number): void {
  if (depth > maximumDepth) throw new RangeError(tooDeep(maximumDepth))
}

/** What is wrong with nesting beyond the bound. */
export function tooDeep(maximumDepth: number): string {
  return `nested deeper than ${maximumDepth}`
}
