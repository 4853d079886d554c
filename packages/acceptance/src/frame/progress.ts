const minPeriod = 5_000

/** Returns a function that prints a section's progress, at most once per period; the end is always printed. */
export function progressOf(name: string): (share: number, text: string) => void {
  let last = -Infinity
  return (share, text) => {
    const now = performance.now()
    if (share < 1 && now - last < minPeriod) return
    last = now
    console.log(`${name}: ${String(Math.floor(share * 100)).padStart(3)} %  ${text}`)
  }
}
