import { AntiphonError, exchange$, type Link } from '@antiphon/core'
import { held } from '../run/contract.js'
import type { LedgerWriter } from '../run/ledger.js'
import type { Pending } from './pending.js'

/** What requests that are to be cancelled are sent with. */
export interface CancelsParts {
  /** The name of the requester. */
  readonly name: string
  readonly link: Link
  readonly ledger: LedgerWriter
  readonly pending: Pending
}

/** Milliseconds after which a handler whose cancel was lost stops. */
const heldTimeout = 5_000
const maxHeldTime = 300
/** The number of requests that are cancelled after all faults. */
const finalCount = 16

/** Sends requests and cancels each while its handler runs, which the first item of its stream shows. */
export class Cancels {
  readonly #parts: CancelsParts
  #count = 0

  constructor(parts: CancelsParts) {
    this.#parts = parts
  }

  /** Sends a request that is cancelled a while after its handler has started. */
  send(): void {
    this.#send(false)
  }

  /** Sends the requests whose cancels must arrive, as no fault is active any more. */
  sendFinal(): void {
    for (let count = 0; count < finalCount; count++) this.#send(true)
  }

  #send(isFinal: boolean): void {
    const { name, link, ledger, pending } = this.#parts
    const request = `${name}/held-${(this.#count += 1)}`
    const settle = pending.add()
    let timer: NodeJS.Timeout | undefined
    const exchange = exchange$(link, held, request, { timeout: heldTimeout }).subscribe({
      next: () => {
        timer = setTimeout(() => {
          exchange.unsubscribe()
          ledger.append({ event: 'cancelled', request, isFinal })
          settle()
        }, Math.random() * maxHeldTime)
      },
      error: (error: unknown) => {
        clearTimeout(timer)
        ledger.append({ event: 'not-cancelled', request, isFinal, code: AntiphonError.from(error).code })
        settle()
      },
    })
  }
}
