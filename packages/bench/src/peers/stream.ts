import type { EchoMessage } from './contract.js'

/** The number of items to request, and the credit. */
export interface StreamOptions {
  readonly items: number
  readonly credit?: number
}

/** The figures of a stream at the requester. */
export interface StreamResult {
  readonly items: number
  readonly milliseconds: number
  readonly cpu: number
  readonly isInOrder: boolean
}

/** Milliseconds without an item after which a stream counts as ended. */
const silenceTimeout = 5_000

type Start = (next: (item: EchoMessage) => void, end: () => void, fail: (error: unknown) => void) => void

/** Counts the items of a stream until it ends or the silence timeout passes. */
export function measureStream(start: Start): Promise<StreamResult> {
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
    const next = ({ id }: EchoMessage): void => {
      isInOrder &&= id === items
      items += 1
      latest = performance.now()
    }
    const watch = setInterval(() => {
      if (performance.now() - latest > silenceTimeout) end()
    }, 500)
    start(next, end, (error) => {
      clearInterval(watch)
      reject(error instanceof Error ? error : new Error(String(error)))
    })
  })
}
