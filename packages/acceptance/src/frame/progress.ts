const pause = 5_000

/** Prints how far a section is, no more often than every few seconds; its end is always told. */
export function progressOf(name: string): (share: number, text: string) => void {
  let last = -Infinity
  return (share, text) => {
    const now = performance.now()
    if (share < 1 && now - last < pause) return
    last = now
    console.log(`${name}: ${String(Math.floor(share * 100)).padStart(3)} %  ${text}`)
  }
}
