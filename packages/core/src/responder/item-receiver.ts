import { isLeft } from 'fp-ts/lib/Either.js'
import type { Observer } from 'rxjs'
import { invalidArgument } from '../argument.js'
import { isChunk } from '../chunk/assembly.js'
import { CHUNK_ID_PROPERTY } from '../chunk/chunk-header.js'
import type { Transfers } from '../chunk/transfers.js'
import { DecodedOnce } from '../codec/decoded-once.js'
import { FALSE_TEXT, isFalseText } from '../codec/payload-format.js'
import { AntiphonError, type RemoteStatus } from '../errors.js'
import { userProperty, type Message, type UserProperties } from '../message.js'
import { itemCredit } from '../protocol/control-message.js'
import { Status, toStatus, type Failure } from '../protocol/status.js'
import { streamPositionOf } from '../protocol/stream-position.js'
import { Credit } from '../stream/credit.js'
import { ReorderBuffer } from '../stream/reorder-buffer.js'
import type { Deadline } from '../time/deadlines.js'
import { payloadFailure } from './failures.js'
import type { RequestContext } from './request-context.js'

/** How often the credit is repeated within the lifetime of the request while no item arrives. */
const SIGNS = 3

/** How many bytes of items may wait for a missing one. */
const MAX_WAITING_BYTES = 16 * 2 ** 20

const NO_PROPERTIES: UserProperties = []

/** A reader that has left. */
const NO_READER: Observer<unknown> = {
  next: () => undefined,
  error: () => undefined,
  complete: () => undefined,
}

/**
 * Receives the items of a request stream: puts them in order, passes them to the handler, and gives the requester credit as
 * they are consumed. It repeats its credit while no item arrives, by which the requester knows what was lost.
 */
export class ItemReceiver {
  readonly #context: RequestContext
  readonly #credit: Credit
  readonly #transfers: Transfers
  readonly #order = new ReorderBuffer<Message>()
  /** The size of the items that wait for a missing one. */
  #waitingBytes = 0
  #reader: Observer<unknown> | undefined
  #deadline: Deadline | undefined
  /** How often the credit was repeated since an item arrived before a missing one. */
  #repeated = 0
  #hasEnded = false
  #error: AntiphonError | undefined
  #isClosed = false

  /** `transfers` has the incomplete payloads of the whole responder. */
  constructor(context: RequestContext, transfers: Transfers) {
    this.#context = context
    this.#credit = new Credit(context.responder.itemCredit)
    this.#transfers = transfers
  }

  /** The User Properties that tell the requester its credit; none while the handler does not read. */
  get acceptanceProperties(): UserProperties {
    if (this.#reader === undefined) return NO_PROPERTIES
    return itemCredit({ total: this.#credit.total, nextIndex: this.#order.nextIndex })
  }

  /** Lets the requester send. There can be one reader, because items are not kept. */
  open(reader: Observer<unknown>): void {
    if (this.#reader !== undefined)
      return reader.error(
        invalidArgument('cannot read the items of a request twice: pipe them through share()'),
      )
    this.#reader = reader
    if (this.#error !== undefined) reader.error(this.#error)
    else if (this.#hasEnded) reader.complete()
    else if (this.#isClosed) reader.error(this.#closedError())
    else this.#sendCredit()
  }

  /** Drops what arrives from now on, and gives no more credit, because the reader has left. */
  leave(reader: Observer<unknown>): void {
    if (this.#reader === reader) this.#reader = NO_READER
  }

  /** Counts one item as consumed. */
  consumed(): void {
    if (this.#reader === NO_READER || this.#hasEnded || this.#isClosed) return
    if (this.#credit.consume()) this.#sendCredit()
  }

  receive(message: Message): void {
    if (this.#hasEnded || this.#isClosed) return
    const header = userProperty(message.userProperties, '__stream')
    const position = streamPositionOf(header)
    if (position === undefined) return this.#reject('the position of an item is invalid', header)
    const { index, isLast } = position
    if (this.#order.has(index)) return
    const limit = this.#reader === undefined ? 0 : this.#credit.total
    if (isLast ? index > limit : index >= limit)
      return this.#reject(`item ${index} exceeds the credit`, header)
    const status = isLast ? toStatus(message.userProperties) : undefined
    // The items before a failure may have been lost, and are not sent again.
    if (status?.kind === 'failure') return this.#end(toError(status.status))
    const whole = isChunk(message) ? this.#assemble(message, index) : message
    if (whole === undefined) return
    const bytes = this.#waitingBytes + whole.payload.length
    // The requester sends it again after the missing one.
    if (index > this.#order.nextIndex && bytes > MAX_WAITING_BYTES) return
    this.#waitingBytes = bytes
    this.#order.add(whole, position)
    this.#emitInOrder()
  }

  /** Stops receiving, because the request has ended. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stop()
    if (!this.#hasEnded && this.#reader !== undefined) this.#reader.error(this.#closedError())
  }

  #assemble(chunk: Message, index: number): Message | undefined {
    const { key = '' } = this.#context.cacheEntry ?? {}
    const id = userProperty(chunk.userProperties, CHUNK_ID_PROPERTY) ?? ''
    const assembled = this.#transfers.add(`${key}\u0000${index} ${id}`, chunk)
    if (assembled.kind === 'broken') this.#reject(`cannot assemble an item: ${assembled.reason}`)
    return assembled.kind === 'whole' ? assembled.message : undefined
  }

  #emitInOrder(): void {
    const { nextIndex } = this.#order
    for (let next = this.#order.shift(); next !== undefined; next = this.#order.shift()) {
      this.#waitingBytes -= next.item.payload.length
      if (next.position.isLast) return this.#end()
      this.#emit(next.item)
    }
    if (this.#order.nextIndex > nextIndex) this.#repeated = 0
    this.#restartDeadline()
  }

  #emit(message: Message): void {
    const { request } = this.#context.responder.endpoint
    const received = new DecodedOnce(message, request)
    const decoded = received.read()
    if (isFalseText(message, request, !isLeft(decoded))) this.#reject(FALSE_TEXT)
    else if (isLeft(decoded)) this.#fail(payloadFailure(decoded.left), 'decode')
    else this.#reader?.next(decoded.right)
  }

  #end(error?: AntiphonError): void {
    this.#hasEnded = true
    this.#error = error
    this.#stop()
    if (error !== undefined) {
      this.#reader?.error(error)
      // Its requester waits no longer.
      this.#context.cancel()
      return
    }
    // The requester's timeout runs from here.
    this.#context.responder.acceptance.accept(this.#context, true)
    this.#reader?.complete()
  }

  /** Ends the request with 400, because a message of its requester breaks the protocol. */
  #reject(message: string, position?: string): void {
    this.#fail({
      code: Status.badRequest,
      message,
      propertyName: '__stream',
      ...(position !== undefined && { propertyValue: position }),
    })
  }

  #fail(failure: Failure, code: 'decode' | 'protocol' = 'protocol'): void {
    this.#hasEnded = true
    this.#error = new AntiphonError(code, failure.message ?? '')
    this.#stop()
    this.#context.failRun(failure)
    this.#reader?.error(this.#error)
  }

  #closedError(): AntiphonError {
    const { signal } = this.#context
    if (signal.aborted) return AntiphonError.from(signal.reason)
    return new AntiphonError('cancelled', 'the handler has responded before the end of the request stream')
  }

  #sendCredit(): void {
    this.#context.responder.acceptance.accept(this.#context, true)
    this.#restartDeadline()
  }

  #restartDeadline(): void {
    const { lifetime, responder } = this.#context
    this.#deadline?.cancel()
    // The handler may have responded to an item.
    if (!this.#isClosed)
      this.#deadline = responder.deadlines.add(lifetime / SIGNS, () => this.#repeatCredit())
  }

  #repeatCredit(): void {
    const { nextIndex, size } = this.#order
    if (size > 0 && ++this.#repeated > SIGNS) this.#reject(`item ${nextIndex} is missing`, String(nextIndex))
    else this.#sendCredit()
  }

  #stop(): void {
    this.#deadline?.cancel()
    this.#order.clear()
  }
}

function toError(status: RemoteStatus): AntiphonError<'status'> {
  const detail = status.message === undefined ? '' : `: ${status.message}`
  return new AntiphonError('status', `the requester's stream failed with ${status.code}${detail}`, { status })
}
