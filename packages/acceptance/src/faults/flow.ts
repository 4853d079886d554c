import type { Socket } from 'node:net'

/** How bytes travel one way. */
export interface FlowRule {
  readonly isStalled: boolean
  /** Milliseconds that everything takes longer. */
  readonly delay: number
  readonly bytesPerSecond: number
  /** May change bytes as they pass. */
  readonly change: ((bytes: Buffer) => Buffer) | undefined
}

/** As fast as they can. */
export const freeFlow: FlowRule = {
  isStalled: false,
  delay: 0,
  bytesPerSecond: Infinity,
  change: undefined,
}

const pause = 10

/** Carries bytes from one socket to another, in order, under a rule that may change meanwhile. */
export class Flow {
  readonly #to: Socket
  readonly #rule: () => FlowRule
  readonly #held: { readonly bytes: Buffer; readonly due: number }[] = []
  #hasEnded = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  /** Since when the allowance of a throttled flow counts. */
  #lastAt = performance.now()

  constructor(from: Socket, to: Socket, rule: () => FlowRule) {
    this.#to = to
    this.#rule = rule
    from
      .on('data', (bytes) => {
        if (this.#isClosed) return
        const { change, delay, isStalled, bytesPerSecond } = rule()
        // Most of the time nothing is wrong, and the proxy must not be what is slow.
        if (this.#held.length === 0 && !isStalled && !change && delay === 0 && bytesPerSecond === Infinity) {
          if (to.writable) to.write(bytes)
          return
        }
        this.#held.push({ bytes: change?.(bytes) ?? bytes, due: performance.now() + delay })
        this.goOn()
      })
      .on('end', () => {
        this.#hasEnded = true
        this.goOn()
      })
      .on('close', () => clearTimeout(this.#timer))
  }

  /** Says that nothing more will come; what comes all the same is dropped. */
  close(): void {
    this.#isClosed = true
    this.#held.length = 0
    this.#to.end()
  }

  /** Passes on what the rule lets pass now. */
  goOn(): void {
    clearTimeout(this.#timer)
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      const { isStalled, bytesPerSecond } = this.#rule()
      if (isStalled) return
      const early = next.due - performance.now()
      if (early > 0) return this.#later(early)
      const allowed = this.#allowance(bytesPerSecond)
      if (allowed < 1) return this.#later(pause)
      this.#held.shift()
      if (next.bytes.length > allowed) this.#held.unshift({ ...next, bytes: next.bytes.subarray(allowed) })
      if (this.#to.writable) this.#to.write(next.bytes.subarray(0, allowed))
    }
    if (this.#hasEnded && !this.#isClosed) this.close()
  }

  #later(milliseconds: number): void {
    this.#timer = setTimeout(() => this.goOn(), milliseconds)
  }

  /** How many bytes may go now; time that was not used is not saved up. */
  #allowance(bytesPerSecond: number): number {
    if (bytesPerSecond === Infinity) return Infinity
    const now = performance.now()
    const allowed = Math.floor((Math.min(now - this.#lastAt, 2 * pause) * bytesPerSecond) / 1_000)
    if (allowed >= 1) this.#lastAt = now
    return allowed
  }
}
