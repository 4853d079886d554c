import { exchange$, type Endpoint, type Link } from '@antiphon/core'
import { parseMediaType } from '@antiphon/core/codec'
import type { Subscription } from 'rxjs'

/** A request that a user of the page has written. */
export interface WrittenRequest {
  /** The name of the endpoint. */
  readonly endpoint: string
  readonly params: Readonly<Record<string, string>>
  /** JSON, or text if the endpoint has requests of text or bytes. */
  readonly value: string
}

/** Milliseconds that a request waits for its response. */
const TIMEOUT = 10_000

/** How much of a response is shown. */
const MAX_TEXT = 2_000

/** Reads a message of the page as a written request; `undefined` if it is another message. Throws if it is not valid. */
export function readWrittenRequest(text: string): WrittenRequest | undefined {
  const { endpoint, params, value } = JSON.parse(text) as Record<string, unknown>
  if (endpoint === undefined) return undefined
  if (typeof endpoint !== 'string' || typeof value !== 'string' || !isTexts(params))
    throw new TypeError('endpoint, params or value is not a text')
  return { endpoint, params, value }
}

/**
 * Sends a request by its contract. What its codec rejects is not sent. Calls `onDone` with an error, or after the last response with
 * the responses as text.
 */
export function sendByContract(
  link: Link,
  endpoints: readonly Endpoint[],
  { endpoint: name, params, value }: WrittenRequest,
  onDone: (error: unknown, responses?: string) => void,
): Subscription {
  const endpoint = endpoints.find((each) => each.name === name)
  if (endpoint === undefined) throw new TypeError(`there is no endpoint ${name}`)
  const responses: string[] = []
  return exchange$(link, endpoint, argumentOf(endpoint, params, valueOf(endpoint, value)), {
    timeout: TIMEOUT,
  }).subscribe({
    next: (response) => {
      if (responses.length < 100) responses.push(textOf(response))
    },
    error: (error: unknown) => onDone(error),
    complete: () => onDone(undefined, responses.join('\n').slice(0, MAX_TEXT)),
  })
}

/** Returns the names of the parameters that a user has to fill in. */
export function parametersOf({ topic, responseTopic, correlation }: Endpoint): readonly string[] {
  const { createdParams = [] } = correlation
  return [...topic.parameters, ...(responseTopic?.ownParameters ?? [])].filter(
    (name) => !createdParams.includes(name),
  )
}

function argumentOf(endpoint: Endpoint, params: WrittenRequest['params'], value: unknown): unknown {
  return parametersOf(endpoint).length > 0 ? { params, value } : value
}

function valueOf({ request }: Endpoint, text: string): unknown {
  const essence = parseMediaType(request.contentType)?.essence ?? ''
  if (essence.startsWith('text/')) return text
  return essence === 'application/octet-stream'
    ? new Uint8Array(Buffer.from(text))
    : (JSON.parse(text) as unknown)
}

function textOf(response: unknown): string {
  if (response instanceof Uint8Array) return Buffer.from(response).toString('hex')
  return typeof response === 'string' ? response : (JSON.stringify(response) ?? String(response))
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((part) => typeof part === 'string')
  )
}
