/** Rounds milliseconds to a tenth. */
export function roundedTime(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}
