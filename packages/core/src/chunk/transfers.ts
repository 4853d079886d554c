import type { Message } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { Assembly, type Assembled } from './assembly.js'

/** How much may be on its way in parts. */
export interface TransferBounds {
  /** The largest whole that is taken, in bytes. @defaultValue 16 MiB */
  readonly bytes?: number
  /** How many payloads may be incomplete at once; the oldest gives way. @defaultValue 64 */
  readonly open?: number
  /** Milliseconds without another part after which an incomplete payload is dropped. @defaultValue 30 000 */
  readonly keepFor?: number
}

/** A payload on its way. */
interface Transfer {
  readonly assembly: Assembly
  deadline: Deadline
}

/** The payloads that are on their way in parts, by whatever tells them apart. */
export class Transfers {
  readonly #bounds: Required<TransferBounds>
  readonly #deadlines: Deadlines
  readonly #open = new Map<string, Transfer>()

  constructor(
    deadlines: Deadlines,
    { bytes = 16 * 2 ** 20, open = 64, keepFor = 30_000 }: TransferBounds = {},
  ) {
    this.#deadlines = deadlines
    this.#bounds = { bytes, open, keepFor }
  }

  /** Takes a part; the last one brings the whole message. */
  add(key: string, part: Message): Assembled {
    const transfer = this.#open.get(key)
    transfer?.deadline.cancel()
    const assembly = transfer?.assembly ?? new Assembly(this.#bounds.bytes)
    const assembled = assembly.add(part)
    if (assembled.kind === 'incomplete') this.#keep(key, assembly)
    else this.#open.delete(key)
    return assembled
  }

  /** Drops all that is incomplete. */
  clear(): void {
    for (const { deadline } of this.#open.values()) deadline.cancel()
    this.#open.clear()
  }

  #keep(key: string, assembly: Assembly): void {
    const deadline = this.#deadlines.add(this.#bounds.keepFor, () => this.#open.delete(key))
    this.#open.set(key, { assembly, deadline })
    if (this.#open.size <= this.#bounds.open) return
    for (const [oldest, transfer] of this.#open) {
      transfer.deadline.cancel()
      this.#open.delete(oldest)
      return
    }
  }
}
