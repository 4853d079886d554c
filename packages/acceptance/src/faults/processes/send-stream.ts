import { AntiphonError, exchange$, type ErrorCode, type ExchangeOptions, type Link } from '@antiphon/core'
import { itemOf, items, streamLength } from '../run/contract.js'
import type { LedgerWriter } from '../run/ledger.js'
import type { Pending } from './pending.js'

/** What a stream is sent with. */
export interface StreamParts {
  readonly stream: string
  readonly link: Link
  readonly ledger: LedgerWriter
  readonly pending: Pending
  readonly options: ExchangeOptions
}

const credit = 16

/** Requests a stream with credit, and records how it ended and whether its items came in order, once and without a gap. */
export function sendStream({ stream, link, ledger, pending, options }: StreamParts): void {
  const settle = pending.add()
  let received = 0
  let fault: string | undefined
  ledger.append({ event: 'stream-sent', stream })
  const end = (outcome: 'complete' | ErrorCode): void => {
    if (outcome === 'complete' && received !== streamLength)
      fault ??= `it completed after ${received} of ${streamLength} items`
    ledger.append({
      event: 'stream-ended',
      stream,
      outcome,
      items: received,
      ...(fault !== undefined && { fault }),
    })
    settle()
  }
  exchange$(link, items, stream, { ...options, credit }).subscribe({
    next: (item) => {
      if (item !== itemOf(stream, received)) fault ??= `item ${received} is "${item}"`
      received += 1
    },
    error: (error: unknown) => end(AntiphonError.from(error).code),
    complete: () => end('complete'),
  })
}
