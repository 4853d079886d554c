import type { Talk } from './contract.js'

/** How many items to ask for, and how many may be on their way at once. */
export interface StreamOrder {
  readonly items: number
  readonly credit?: number
}

/** What came of a stream, on the side that receives it. */
export interface Received {
  readonly items: number
  readonly milliseconds: number
  readonly cpu: number
  readonly isInOrder: boolean
}

/** How long a stream may be silent before it counts as broken off. */
const patience = 5_000

type Start = (next: (item: Talk) => void, end: () => void, fail: (error: unknown) => void) => void

/** Counts the items of a stream until it ends or falls silent. */
export function receiving(start: Start): Promise<Received> {
  return new Promise((resolve, reject) => {
    const before = process.cpuUsage()
    const began = performance.now()
    let latest = began
    let items = 0
    let isInOrder = true
    const end = (): void => {
      clearInterval(watch)
      const { user, system } = process.cpuUsage(before)
      resolve({ items, milliseconds: latest - began, cpu: user + system, isInOrder })
    }
    const next = ({ id }: Talk): void => {
      isInOrder &&= id === items
      items += 1
      latest = performance.now()
    }
    const watch = setInterval(() => {
      if (performance.now() - latest > patience) end()
    }, 500)
    start(next, end, (error) => {
      clearInterval(watch)
      reject(error instanceof Error ? error : new Error(String(error)))
    })
  })
}
