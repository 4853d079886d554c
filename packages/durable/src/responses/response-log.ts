import type { Endpoint } from '@antiphon/core'
import type { DurableStore, StoreChange } from '../store/durable-store.js'
import { fromRecord, type RecordParts } from '../store/record.js'
import { sharedStoreOf, type StoreSection } from '../store/shared-store.js'
import type { ResponseFields } from './stored-response.js'

/** What a response log is made from. */
export interface ResponseLogOptions {
  readonly store: DurableStore
  readonly endpoint: Endpoint
  readonly maxResponses: number
  readonly maxBytes: number
  /** Milliseconds for which a record is kept that cannot be read. */
  readonly ttl: number
}

type ResponseRecord = RecordParts<ResponseFields>

/** The requests of an endpoint whose handlers have started, with their responses, in a store and in memory. */
export class ResponseLog {
  readonly #options: ResponseLogOptions
  /** The records by the keys of their requests, in the order in which they were written. */
  readonly #records = new Map<string, ResponseRecord>()
  #bytes = 0
  #opening: Promise<StoreSection> | undefined

  constructor(options: ResponseLogOptions) {
    this.#options = options
  }

  /** Opens the store, unless it is open. */
  async open(now: number): Promise<void> {
    await this.#open(now)
  }

  /** Returns the record of a request, unless it has expired. */
  find(key: string, now: number): ResponseRecord | undefined {
    const record = this.#records.get(key)
    return record !== undefined && record.fields.expiresAt > now ? record : undefined
  }

  /** Writes the record of a request; removes expired records, and the oldest ones beyond the limits. */
  async put(key: string, bytes: Uint8Array, now: number): Promise<void> {
    const section = await this.#open(now)
    this.#set(key, fromRecord<ResponseFields>(bytes))
    const changes: StoreChange[] = [{ key: this.#recordKey(key), value: bytes }]
    for (const evicted of this.#evict(now)) changes.push({ key: this.#recordKey(evicted) })
    await section.commit(changes)
  }

  /** Forgets a request whose record could not be written. */
  forget(key: string): void {
    const record = this.#records.get(key)
    if (record === undefined) return
    this.#records.delete(key)
    this.#bytes -= sizeOf(key, record)
  }

  /** Gives the store back. */
  async close(): Promise<void> {
    const section = await this.#opening?.catch(() => undefined)
    this.#opening = undefined
    this.#records.clear()
    this.#bytes = 0
    await section?.release()
  }

  #open(now: number): Promise<StoreSection> {
    this.#opening ??= this.#load(now).catch((error: unknown) => {
      // The next request tries again.
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #load(now: number): Promise<StoreSection> {
    const { store, endpoint, ttl } = this.#options
    const section = await sharedStoreOf(store).claim('response', endpoint.name)
    const expired: StoreChange[] = []
    for (const [recordKey, value] of section.entries) {
      const [, , key = ''] = JSON.parse(recordKey) as readonly string[]
      const record = readRecord(value, now + ttl)
      if (record.fields.expiresAt > now) this.#set(key, record)
      else expired.push({ key: recordKey })
    }
    // What stays is removed at the next start.
    if (expired.length > 0) await section.commit(expired).catch(() => undefined)
    return section
  }

  #set(key: string, record: ResponseRecord): void {
    this.forget(key)
    this.#records.set(key, record)
    this.#bytes += sizeOf(key, record)
  }

  /** Removes the oldest records as long as they have expired or exceed the limits, and returns their keys. */
  #evict(now: number): readonly string[] {
    const { maxResponses, maxBytes } = this.#options
    const evicted: string[] = []
    for (const [key, { fields }] of this.#records) {
      const isFull = this.#records.size > maxResponses || this.#bytes > maxBytes
      if (!isFull && fields.expiresAt > now) break
      this.forget(key)
      evicted.push(key)
    }
    return evicted
  }

  #recordKey(key: string): string {
    return JSON.stringify(['response', this.#options.endpoint.name, key])
  }
}

/** Reads a record. A corrupt one counts as that of a request whose handler has started: it must not run again. */
function readRecord(value: Uint8Array, expiresAt: number): ResponseRecord {
  try {
    return fromRecord<ResponseFields>(value)
  } catch {
    return { fields: { kind: 'started', expiresAt }, payload: new Uint8Array() }
  }
}

function sizeOf(key: string, { payload, fields }: ResponseRecord): number {
  return key.length + payload.length + JSON.stringify(fields).length
}
