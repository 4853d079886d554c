import { userProperty, type Link, type Message } from '@antiphon/core'
import type { EventSink, ExchangeEvent, ObservedMessage } from '@antiphon/core/events'
import { requireArgument, wholeNumberRule, type OptionRules } from '@antiphon/core/link'
import { fromUtf8 } from '@antiphon/core/codec'
import { merge, type Subscription } from 'rxjs'

/** Options of `observeMessages`. */
export interface ObserveMessagesOptions {
  /** The topic filter, or several that do not overlap: those of the requests, and those of the responses. @defaultValue '#' */
  readonly filter?: string | readonly string[]
  /** How many bytes of each payload events contain. @defaultValue 0 */
  readonly payloadBytes?: number
  /** Called if the broker refuses a filter, or the link ends with an error. @defaultValue the error is thrown, as by any stream without a handler */
  readonly onError?: (error: unknown) => void
}

const observeMessagesOptionRules: OptionRules<ObserveMessagesOptions> = {
  filter: (value) =>
    [value].flat().every((each) => typeof each === 'string') ? undefined : 'it must be a filter, or several',
  onError: 'function',
  payloadBytes: wholeNumberRule(0),
}

/** How many requests wait for their response; the oldest is dropped first. */
const MAX_PENDING = 10_000

/**
 * Derives events from the messages on a broker, for peers that are not observed themselves: a message with a Response Topic is a
 * request, and a message on that topic with the same Correlation Data is its response. It sees neither timeouts nor the
 * clients, and nothing of MQTT 3.1.1.
 *
 * @example
 * ```ts
 * observeMessages(connect('mqtt://localhost'), sink, { payloadBytes: 2_000 })
 * ```
 */
export function observeMessages(
  link: Link,
  sink: EventSink,
  options: ObserveMessagesOptions = {},
): Subscription {
  requireArgument('options', options, observeMessagesOptionRules)
  const { filter = '#', payloadBytes = 0, onError } = options
  const numbers = new Map<string, { readonly exchange: number; readonly endpoint: string }>()
  let latest = 0
  const observe = (message: Message): void => {
    const { topic, responseTopic, correlationData } = message
    if (correlationData === undefined || message.retain) return
    const correlation = Buffer.from(correlationData).toString('latin1')
    const head = { side: 'requester', at: link.scheduler.now(), client: '', link: 'observer' } as const
    const copied = copy(message, payloadBytes)
    const shown = copied.correlationData ?? ''
    if (responseTopic !== undefined) {
      const key = `${responseTopic}\u0000${correlation}`
      const known = numbers.get(key)
      const { exchange } = known ?? { exchange: ++latest }
      const event = { ...head, endpoint: topic, exchange, correlation: shown, message: copied }
      sink({ ...event, kind: known === undefined ? 'sent' : 'retried', attempt: known === undefined ? 1 : 2 })
      numbers.set(key, { exchange, endpoint: topic })
      if (numbers.size > MAX_PENDING) for (const oldest of numbers.keys()) return void numbers.delete(oldest)
      return
    }
    const key = `${topic}\u0000${correlation}`
    const pending = numbers.get(key)
    if (pending === undefined) {
      sink({ kind: 'unmatched', ...head, side: 'link', correlation: shown, message: copied })
      return
    }
    sink({ ...head, ...pending, kind: 'received', message: copied })
    if (isIntermediate(message)) return
    numbers.delete(key)
    sink({ ...head, ...pending, kind: 'settled', ...outcomeOf(message) })
  }
  return merge(...[filter].flat().map((each) => link.messages$(each))).subscribe({
    next: observe,
    ...(onError === undefined ? {} : { error: onError }),
  })
}

/** Whether further messages belong to the same exchange: an acceptance, an item of a stream, or a chunk. */
function isIntermediate({ userProperties }: Message): boolean {
  const stream = userProperty(userProperties, '__stream')
  if (stream !== undefined && !stream.endsWith(':last')) return true
  return userProperty(userProperties, '__stat') === '202'
}

function outcomeOf({
  userProperties,
}: Message): Pick<
  ExchangeEvent & { readonly side: 'requester'; readonly kind: 'settled' },
  'outcome' | 'status'
> {
  const status = Number(userProperty(userProperties, '__stat') ?? '200')
  return status >= 400 ? { outcome: 'failed', status } : { outcome: 'responded' }
}

function copy(message: Message, payloadBytes: number): ObservedMessage {
  const { topic, payload, qos, responseTopic, correlationData, contentType, userProperties } = message
  const shown = payload.subarray(0, payloadBytes)
  return {
    topic,
    bytes: payload.length,
    qos,
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: textOr(correlationData, 'hex') }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(userProperties === undefined ? {} : { userProperties }),
    ...(payloadBytes === 0 ? {} : payloadOf(shown)),
  }
}

function payloadOf(bytes: Uint8Array): Pick<ObservedMessage, 'payload' | 'payloadEncoding'> {
  try {
    return { payload: fromUtf8(bytes) }
  } catch {
    return { payload: Buffer.from(bytes).toString('base64'), payloadEncoding: 'base64' }
  }
}

function textOr(bytes: Uint8Array, encoding: 'hex'): string {
  const text = Buffer.from(bytes).toString('latin1')
  return /^[\x20-\x7e]*$/.test(text) ? text : Buffer.from(bytes).toString(encoding)
}
