import type { Socket } from 'node:net'

/** The rule for bytes that travel in one direction. */
export interface FlowRule {
  readonly isStalled: boolean
  /** Milliseconds by which every chunk is delayed. */
  readonly delay: number
  readonly bytesPerSecond: number
  /** Changes bytes on their way. */
  readonly change: ((bytes: Buffer) => Buffer) | undefined
}

/** Passes all bytes unchanged and without delay. */
export const freeFlow: FlowRule = {
  isStalled: false,
  delay: 0,
  bytesPerSecond: Infinity,
  change: undefined,
}

/** Milliseconds between two writes of a throttled flow. */
const pause = 10

/** Carries bytes from one socket to another, in order, under a rule that may change at any time. */
export class Flow {
  readonly #to: Socket
  readonly #rule: () => FlowRule
  readonly #queue: { readonly bytes: Buffer; readonly due: number }[] = []
  #hasEnded = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  /** When a throttled flow last sent bytes. */
  #lastAt = performance.now()

  constructor(from: Socket, to: Socket, rule: () => FlowRule) {
    this.#to = to
    this.#rule = rule
    from
      .on('data', (bytes) => {
        if (this.#isClosed) return
        const { change, delay, isStalled, bytesPerSecond } = rule()
        // The fast path without a fault: the proxy must not slow down the system.
        if (this.#queue.length === 0 && !isStalled && !change && delay === 0 && bytesPerSecond === Infinity) {
          if (to.writable) to.write(bytes)
          return
        }
        this.#queue.push({ bytes: change?.(bytes) ?? bytes, due: performance.now() + delay })
        this.flush()
      })
      .on('end', () => {
        this.#hasEnded = true
        this.flush()
      })
      .on('close', () => clearTimeout(this.#timer))
  }

  /** Ends the target's input; bytes that arrive later are dropped. */
  close(): void {
    this.#isClosed = true
    this.#queue.length = 0
    this.#to.end()
  }

  /** Writes the queued bytes that the rule allows now. */
  flush(): void {
    clearTimeout(this.#timer)
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const { isStalled, bytesPerSecond } = this.#rule()
      if (isStalled) return
      const early = next.due - performance.now()
      if (early > 0) return this.#later(early)
      const allowed = this.#allowance(bytesPerSecond)
      if (allowed < 1) return this.#later(pause)
      this.#queue.shift()
      if (next.bytes.length > allowed) this.#queue.unshift({ ...next, bytes: next.bytes.subarray(allowed) })
      if (this.#to.writable) this.#to.write(next.bytes.subarray(0, allowed))
    }
    if (this.#hasEnded && !this.#isClosed) this.close()
  }

  #later(milliseconds: number): void {
    this.#timer = setTimeout(() => this.flush(), milliseconds)
  }

  /** Returns how many bytes may be sent now. Unused time does not accumulate. */
  #allowance(bytesPerSecond: number): number {
    if (bytesPerSecond === Infinity) return Infinity
    const now = performance.now()
    const allowed = Math.floor((Math.min(now - this.#lastAt, 2 * pause) * bytesPerSecond) / 1_000)
    if (allowed >= 1) this.#lastAt = now
    return allowed
  }
}
