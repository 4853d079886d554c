import type { Message } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { Assembly, type Assembled } from './assembly.js'

/** How much may be on its way in parts. */
export interface TransferBounds {
  /** The largest whole that is taken, in bytes. @defaultValue 16 MiB */
  readonly bytes?: number
  /** How many payloads may be incomplete at once; the oldest gives way. @defaultValue 64 */
  readonly transfers?: number
  /** How many bytes incomplete payloads may take together; the oldest gives way. @defaultValue 64 MiB, or `bytes` */
  readonly totalBytes?: number
  /** Milliseconds without another part after which an incomplete payload is dropped. @defaultValue 30 000 */
  readonly idleTimeout?: number
}

/** A payload on its way. */
interface Transfer {
  readonly assembly: Assembly
  readonly deadline: Deadline
}

/** The payloads that are on their way in parts, by whatever tells them apart. */
export class Transfers {
  readonly #bounds: Required<TransferBounds>
  readonly #deadlines: Deadlines
  readonly #open = new Map<string, Transfer>()
  #received = 0

  constructor(
    deadlines: Deadlines,
    {
      bytes = 16 * 2 ** 20,
      transfers: open = 64,
      totalBytes: inAll = Math.max(bytes, 64 * 2 ** 20),
      idleTimeout: ttl = 30_000,
    }: TransferBounds = {},
  ) {
    this.#deadlines = deadlines
    this.#bounds = { bytes, transfers: open, totalBytes: inAll, idleTimeout: ttl }
  }

  /** Takes a part; the last one brings the whole message. */
  add(key: string, part: Message): Assembled {
    const assembly = this.#drop(key) ?? new Assembly(this.#bounds.bytes)
    const assembled = assembly.add(part)
    if (assembled.kind === 'incomplete') this.#keep(key, assembly)
    return assembled
  }

  /** Drops all that is incomplete. */
  clear(): void {
    for (const key of [...this.#open.keys()]) this.#drop(key)
  }

  #drop(key: string): Assembly | undefined {
    const transfer = this.#open.get(key)
    if (transfer === undefined) return undefined
    this.#open.delete(key)
    transfer.deadline.cancel()
    this.#received -= transfer.assembly.received
    return transfer.assembly
  }

  /** The one that was heard of last stands last, so that the first is the first to give way. */
  #keep(key: string, assembly: Assembly): void {
    const deadline = this.#deadlines.add(this.#bounds.idleTimeout, () => void this.#drop(key))
    this.#open.set(key, { assembly, deadline })
    this.#received += assembly.received
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= this.#bounds.transfers && this.#received <= this.#bounds.totalBytes) return
      this.#drop(oldest)
    }
  }
}
