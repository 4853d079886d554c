import { requests$, serve, type Codec, type Endpoint, type Link, type ServeRecord } from '@antiphon/core'
import { linkMiddleware, requireArgument, type OptionRules } from '@antiphon/core/link'
import {
  concat,
  delay,
  from,
  ignoreElements,
  merge,
  NEVER,
  throwError,
  type Observable,
  type Subscription,
} from 'rxjs'
import { codecSchema, formatsOf } from './codec-schema.js'
import { fromAsyncApi, type FromAsyncApiOptions } from './from-async-api.js'
import { generateValue } from './generate-value.js'
import { seededRandom, wholeNumber, type Random } from './random.js'

/**
 * What a mock does wrong: it sends no response, sends it after some milliseconds, responds with status 500, sends bytes that
 * do not decode, or sends every response twice.
 */
export type MockFault = 'duplicate' | 'failure' | 'malformed' | 'silence' | { readonly delay: number }

/** The options of `mock`. */
export interface MockOptions extends FromAsyncApiOptions {
  /** Equal seeds give equal responses in equal order. @defaultValue 1 */
  readonly seed?: number
  /** The faults by the names of operations; `*` is for all others. @defaultValue none */
  readonly faults?: Readonly<Record<string, MockFault>>
  /** Is called for each request with how it was served. */
  readonly onServed?: (record: ServeRecord) => void
  /** Is called if an operation cannot be served any longer, for example because the broker refused its subscription. */
  readonly onError?: (error: unknown) => void
}

const optionRules: OptionRules<MockOptions> = {
  codecs: 'object',
  seed: (value) => (Number.isSafeInteger(value) ? undefined : 'it must be a whole number'),
  faults: 'object',
  onServed: 'function',
  onError: 'function',
}

/**
 * Responds to all operations of a document with generated values that its schemas accept, until the subscription is
 * unsubscribed. Throws a `DocumentError` if the document is invalid.
 *
 * @example
 * ```ts
 * const mocked = mock(document, link, { faults: { unlock: { delay: 2_000 } } })
 * ```
 */
export function mock(document: unknown, link: Link, options: MockOptions = {}): Subscription {
  requireArgument('options', options, optionRules)
  const { seed = 1, faults = {}, codecs, onServed, onError } = options
  const random = seededRandom(seed)
  const { endpoints } = fromAsyncApi(document, codecs === undefined ? {} : { codecs })
  const served = Object.entries(endpoints).map(([name, endpoint]) =>
    respond$(endpoint, link, random, Object.hasOwn(faults, name) ? faults[name] : faults['*']),
  )
  return merge(...served).subscribe({
    next: (record) => onServed?.(record),
    error: (error: unknown) => onError?.(error),
  })
}

function respond$(
  endpoint: Endpoint,
  link: Link,
  random: Random,
  fault: MockFault | undefined,
): Observable<ServeRecord> {
  const responses$ = (): Observable<unknown> => {
    const count = endpoint.responses === 'many' ? wholeNumber(random, 1, 3) : 1
    return from(Array.from({ length: count }, () => responseOf(endpoint, random)))
  }
  const handler = (): Observable<unknown> => {
    if (fault === 'silence') return NEVER
    if (fault === 'failure') return throwError(() => new Error('the mock was told to fail'))
    return typeof fault === 'object' ? responses$().pipe(delay(fault.delay, link.scheduler)) : responses$()
  }
  const faulty = fault === 'malformed' ? { ...endpoint, response: malformed(endpoint.response) } : endpoint
  return requests$(fault === 'duplicate' ? repeating(link) : link, faulty).pipe(serve(handler))
}

/** Returns a value of the first format. The token of a correlation is left to the library. */
function responseOf({ response, correlation }: Endpoint, random: Random): unknown {
  const [format = response] = formatsOf(response)
  const schema = codecSchema(format)
  if (schema === undefined) return Uint8Array.from({ length: 4 }, () => wholeNumber(random, 0, 255))
  const value = generateValue(schema, random)
  const field = (correlation as { readonly field?: string }).field
  if (field === undefined || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== field))
}

/** Returns a codec that writes a byte that no text has, and does not declare it as text: the requester would refuse it unread. */
function malformed({ forContentType: _, ...codec }: Codec<unknown>): Codec<unknown> {
  return { ...codec, isText: false, encode: () => Uint8Array.of(0xff) }
}

const repeating = linkMiddleware({
  publish$: (message, next) => concat(next(message).pipe(ignoreElements()), next(message)),
})
