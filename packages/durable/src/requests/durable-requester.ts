import {
  AntiphonError,
  type Endpoint,
  type EndpointTypes,
  type ExchangeOptions,
  type Link,
} from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { isLeft, left, right, type Either } from 'fp-ts/lib/Either.js'
import { Observable, Subject, type Subscription } from 'rxjs'
import { v4 as uuid } from 'uuid'
import type { DurableStore } from '../store/durable-store.js'
import { fromRecord, toRecord, type RecordParts } from '../store/record.js'
import { sharedStoreOf, type StoreSection } from '../store/shared-store.js'
import { writeFault } from '../store/store-fault.js'
import { DurableExchanges, type ExchangeResult } from './durable-exchanges.js'
import type { DurableOutcome } from './durable-outcome.js'
import { fromOutcomeRecord, toErrorRecord, toResponseRecord, type OutcomeFields } from './stored-outcome.js'
import {
  fingerprintOf,
  fromRequestRecord,
  toRequestRecord,
  toStoredRequest,
  type RequestFields,
  type StoredRequest,
} from './stored-request.js'

/** What a durable requester is made from. */
export interface DurableRequesterOptions {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly store: DurableStore
  readonly exchangeOptions: Omit<ExchangeOptions, 'timeout' | 'responseTopic'>
  readonly responseTopic: string | undefined
  readonly timeout: number
  readonly maxRequests: number
  readonly onStoreError: (error: AntiphonError) => void
}

/** What the store has under a key. */
interface KnownKey {
  readonly id: string
  readonly fingerprint: string
  /** The request, until its outcome has been emitted. */
  readonly request: StoredRequest | undefined
  /** Whether the outcome of the request is being written. */
  readonly isEnding?: boolean
}

/** The key of the record with the UUID of the default response topic. */
const ID_KEY = 'id'
const REQUEST_KEY = 'key'

/** The requests of one endpoint in a store, and their outcomes. */
export class DurableRequester<T extends EndpointTypes> {
  readonly #options: DurableRequesterOptions
  readonly #exchanges: DurableExchanges
  readonly #known = new Map<string, KnownKey>()
  /** The `send` calls that are being written. */
  readonly #writing = new Map<string, Promise<void>>()
  readonly #outcomes = new Map<string, DurableOutcome<T>>()
  readonly #ended = new Subject<DurableOutcome<T>>()
  #opening: Promise<StoreSection> | undefined
  #linkState: Subscription | undefined
  #responseTopic = ''
  #isClosed = false

  constructor(options: DurableRequesterOptions) {
    this.#options = options
    this.#exchanges = new DurableExchanges(options.link, options.endpoint, options.exchangeOptions, {
      onResult: (request, result) => void this.#end(request, result),
      onFailed: (error) => this.#ended.error(error),
    })
  }

  readonly outcomes$: Observable<DurableOutcome<T>> = new Observable((subscriber) => {
    void this.#open().then(
      () => {
        for (const outcome of [...this.#outcomes.values()]) subscriber.next(outcome)
        subscriber.add(this.#ended.subscribe(subscriber))
      },
      (error: unknown) => subscriber.error(error),
    )
  })

  async send(key: string, request: unknown, timeout: number = this.#options.timeout): Promise<void> {
    const section = await this.#open()
    // A concurrent call with the same key comes first.
    for (let earlier = this.#writing.get(key); earlier !== undefined; earlier = this.#writing.get(key))
      await earlier.catch(() => undefined)
    if (this.#isClosed) throw closed()
    const { endpoint, link } = this.#options
    const known = this.#known.get(key)
    const deadline = link.scheduler.now() + timeout
    const stored = toStoredRequest({
      endpoint,
      key,
      id: known?.id ?? uuid(),
      request,
      responseTopic: this.#responseTopic,
      deadline,
    })
    const fingerprint = fingerprintOf(stored)
    if (known !== undefined) {
      if (known.fingerprint === fingerprint) return
      const fault = `another request to ${endpoint.name} has the key ${key}`
      throw invalidArgument(`${fault}: acknowledge its outcome first, or use another key`)
    }
    const writing = this.#write(section, stored, { id: stored.fields.id, fingerprint, request: stored })
    this.#writing.set(key, writing)
    try {
      await writing
    } finally {
      this.#writing.delete(key)
    }
    if (!this.#isClosed) this.#exchanges.add(stored)
  }

  async cancel(key: string): Promise<boolean> {
    const section = await this.#open()
    const { request, isEnding = false } = this.#known.get(key) ?? {}
    if (request === undefined || isEnding || this.#writing.has(key)) return false
    await this.#commit(section, { key: this.#recordKey(key) }, `the cancel of request ${key}`)
    if (this.#known.get(key)?.request !== request) return false
    this.#known.delete(key)
    this.#exchanges.cancel(request)
    return true
  }

  async keys(): Promise<readonly string[]> {
    await this.#open()
    return [...this.#known].filter(([, { request }]) => request !== undefined).map(([key]) => key)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#exchanges.close()
    this.#linkState?.unsubscribe()
    this.#ended.complete()
    const section = await this.#opening?.catch(() => undefined)
    await section?.release()
  }

  #open(): Promise<StoreSection> {
    if (this.#isClosed) return Promise.reject(closed())
    this.#opening ??= this.#load().catch((error: unknown) => {
      // The next call tries again.
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #load(): Promise<StoreSection> {
    const { endpoint, store, link, responseTopic } = this.#options
    const section = await sharedStoreOf(store).claim('request', endpoint.name)
    const pending: StoredRequest[] = []
    let id: string | undefined
    for (const [recordKey, value] of section.entries) {
      const [, , kind, key = ''] = JSON.parse(recordKey) as readonly string[]
      if (kind === ID_KEY) id = readId(value)
      else this.#restore(key, value, section, pending)
    }
    if (id === undefined) {
      id = uuid()
      const change = { key: JSON.stringify(['request', endpoint.name, ID_KEY]), value: toRecord({ id }) }
      await this.#commit(section, change, 'the response topic')
    }
    this.#responseTopic = responseTopic ?? `response/${id}`
    if (this.#isClosed) return section
    for (const request of pending) this.#exchanges.add(request)
    this.#linkState = link.state$.subscribe((state) => {
      if (state.status !== 'closed') return
      if (state.error === undefined) this.#ended.complete()
      else this.#ended.error(state.error)
    })
    return section
  }

  /** Adds a request or an outcome of the store; of a corrupt record, an outcome that says so. */
  #restore(key: string, value: Uint8Array, section: StoreSection, pending: StoredRequest[]): void {
    const { endpoint } = this.#options
    try {
      const record = fromRecord<RequestFields | OutcomeFields>(value)
      if (record.fields.kind === 'request') {
        const request = fromRequestRecord(key, record as RecordParts<RequestFields>)
        this.#known.set(key, { id: request.fields.id, fingerprint: fingerprintOf(request), request })
        pending.push(request)
      } else {
        const { id, fingerprint } = record.fields
        this.#known.set(key, { id, fingerprint, request: undefined })
        this.#settle(key, fromOutcomeRecord(record as RecordParts<OutcomeFields>, endpoint), section)
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const fault = `${endpoint.name}: cannot read the request ${key} in the store: ${reason}. It is not sent; whether it was sent before is not known`
      const failure = new AntiphonError('decode', fault, { cause: error, endpoint: endpoint.name })
      this.#known.set(key, { id: uuid(), fingerprint: '', request: undefined })
      this.#settle(key, left(failure), section)
    }
  }

  async #write(section: StoreSection, request: StoredRequest, known: KnownKey): Promise<void> {
    const { maxRequests, endpoint } = this.#options
    const { key } = request
    if (this.#known.size >= maxRequests) {
      const fault = `cannot store the request ${key}: the store has ${this.#known.size} requests to ${endpoint.name}`
      const advice = 'acknowledge their outcomes, slow down, or raise maxRequests'
      throw new AntiphonError('overflow', `${fault}; ${advice}`, { phase: 'before-network' })
    }
    this.#known.set(key, known)
    try {
      await this.#commit(
        section,
        { key: this.#recordKey(key), value: toRequestRecord(request) },
        `the request ${key}, which is not sent,`,
      )
    } catch (error) {
      this.#known.delete(key)
      throw error
    }
  }

  async #end(request: StoredRequest, result: ExchangeResult): Promise<void> {
    const { key } = request
    const known = this.#known.get(key)
    const section = await this.#open()
    if (known?.request !== request) return
    this.#known.set(key, { ...known, isEnding: true })
    const value = isLeft(result)
      ? toErrorRecord(request, result.left)
      : toResponseRecord(request, result.right.message)
    try {
      await this.#commit(section, { key: this.#recordKey(key), value }, `the outcome of the request ${key}`)
    } catch (error) {
      // The application gets it all the same. After a restart, the request is sent again for its response.
      this.#options.onStoreError(AntiphonError.from(error))
    }
    if (this.#isClosed) return
    this.#known.set(key, { ...known, request: undefined })
    this.#settle(key, isLeft(result) ? result : right(result.right.value), section)
  }

  #settle(key: string, result: Either<AntiphonError, unknown>, section: StoreSection): void {
    const outcome: DurableOutcome<T> = {
      key,
      result,
      acknowledge: async () => {
        if (this.#outcomes.get(key) !== outcome) return
        if (this.#isClosed) throw closed()
        await this.#commit(
          section,
          { key: this.#recordKey(key) },
          `the acknowledgement of the outcome of ${key}`,
        )
        if (this.#outcomes.get(key) !== outcome) return
        this.#outcomes.delete(key)
        this.#known.delete(key)
      },
    }
    this.#outcomes.set(key, outcome)
    this.#ended.next(outcome)
  }

  async #commit(
    section: StoreSection,
    change: { readonly key: string; readonly value?: Uint8Array },
    object: string,
  ): Promise<void> {
    try {
      await section.commit([change])
    } catch (error) {
      throw writeFault(object, error)
    }
  }

  #recordKey(key: string): string {
    return JSON.stringify(['request', this.#options.endpoint.name, REQUEST_KEY, key])
  }
}

function readId(value: Uint8Array): string | undefined {
  try {
    return fromRecord<{ readonly id: string }>(value).fields.id
  } catch {
    // Requests keep the response topic that they were sent with, so that a new one does no harm.
    return undefined
  }
}

function closed(): AntiphonError {
  return new AntiphonError('cancelled', 'the durable requests are closed', { phase: 'before-network' })
}
