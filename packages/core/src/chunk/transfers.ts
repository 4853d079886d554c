import type { Message } from '../message.js'
import { type OptionRules, sizeRule } from '../option-rules.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { Assembly, INCOMPLETE, isFirstChunk, type Assembled } from './assembly.js'

/** Limits of payloads that are received in chunks. */
export interface TransferBounds {
  /** Maximum size of a payload in bytes. @defaultValue 16 MiB */
  readonly bytes?: number
  /** Maximum number of incomplete payloads; the least recently extended is dropped first. @defaultValue 64 */
  readonly transfers?: number
  /**
   * Maximum size of all incomplete payloads in bytes; the least recently extended is dropped first.
   * @defaultValue 64 MiB, or `bytes` if that is more
   */
  readonly totalBytes?: number
  /** Milliseconds without a further chunk after which an incomplete payload is dropped. @defaultValue 30 000 */
  readonly idleTimeout?: number
}

/** The rules of `TransferBounds`. */
export const transferBoundRules: OptionRules<TransferBounds> = {
  bytes: sizeRule,
  transfers: sizeRule,
  totalBytes: sizeRule,
  idleTimeout: sizeRule,
}

/** An incomplete payload. */
interface Transfer {
  /** `undefined` once the payload has turned out to be broken. */
  readonly assembly: Assembly | undefined
  readonly deadline: Deadline
}

/** The payloads that are being received in chunks, by key. */
export class Transfers {
  readonly #bounds: Required<TransferBounds>
  readonly #deadlines: Deadlines
  /** In the order of their latest chunks. */
  readonly #incomplete = new Map<string, Transfer>()
  #received = 0

  constructor(
    deadlines: Deadlines,
    {
      bytes = 16 * 2 ** 20,
      transfers = 64,
      totalBytes = Math.max(bytes, 64 * 2 ** 20),
      idleTimeout = 30_000,
    }: TransferBounds = {},
  ) {
    this.#deadlines = deadlines
    this.#bounds = { bytes, transfers, totalBytes, idleTimeout }
  }

  /**
   * Adds a chunk; returns the whole message with the last one. A broken payload is reported once: its other chunks are
   * dropped until one is the first chunk of another attempt.
   */
  add(key: string, chunk: Message): Assembled {
    const isBroken = this.#incomplete.has(key) && this.#incomplete.get(key)?.assembly === undefined
    if (isBroken && !isFirstChunk(chunk)) return INCOMPLETE
    const assembly = this.#remove(key) ?? new Assembly(this.#bounds.bytes)
    const assembled = assembly.add(chunk)
    if (assembled.kind !== 'whole') this.#store(key, assembled.kind === 'incomplete' ? assembly : undefined)
    return assembled
  }

  /** Drops all incomplete payloads. */
  clear(): void {
    for (const key of [...this.#incomplete.keys()]) this.#remove(key)
  }

  #remove(key: string): Assembly | undefined {
    const transfer = this.#incomplete.get(key)
    if (transfer === undefined) return undefined
    this.#incomplete.delete(key)
    transfer.deadline.cancel()
    this.#received -= transfer.assembly?.received ?? 0
    return transfer.assembly
  }

  /** Stores a payload as the most recently extended, and drops the oldest while a limit is exceeded. */
  #store(key: string, assembly: Assembly | undefined): void {
    const deadline = this.#deadlines.add(this.#bounds.idleTimeout, () => void this.#remove(key))
    this.#incomplete.set(key, { assembly, deadline })
    this.#received += assembly?.received ?? 0
    for (const oldest of this.#incomplete.keys()) {
      const isWithinBounds =
        this.#incomplete.size <= this.#bounds.transfers && this.#received <= this.#bounds.totalBytes
      if (isWithinBounds) return
      this.#remove(oldest)
    }
  }
}
