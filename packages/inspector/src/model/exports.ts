import type { ExchangeRow } from './exchange-row.js'

/** Returns the events of exchanges as lines of JSON, which the inspector opens again. */
export function toNdjson(rows: readonly ExchangeRow[]): string {
  const events = rows.flatMap(({ events: own }) => own).sort((a, b) => a.at - b.at)
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}

/** Returns exchanges as one JSON document in the manner of HAR, the HTTP Archive format. */
export function toHar(rows: readonly ExchangeRow[]): string {
  const entries = rows.map((row) => ({
    startedDateTime: new Date(row.startedAt).toISOString(),
    time: row.duration ?? -1,
    endpoint: row.endpoint,
    request: row.request ?? { topic: row.topic },
    response: {
      outcome: row.outcome ?? 'pending',
      status: row.status,
      error: row.error,
      message: row.response,
    },
    requester: row.requester,
    responder: row.responder,
    attempts: row.attempts,
  }))
  return JSON.stringify({ log: { version: '1.2', creator: { name: 'antiphon-inspect' }, entries } }, null, 2)
}

/** The context of an OpenTelemetry span. */
export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
}

/** Returns the span in the W3C `traceparent` of an exchange: that of its request, or else of its response. */
export function spanOf({ request, response }: ExchangeRow): SpanContext | undefined {
  for (const message of [request, response]) {
    const parent = message?.userProperties?.find(([name]) => name === 'traceparent')?.[1]
    const [, traceId, spanId] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/.exec(parent ?? '') ?? []
    if (traceId !== undefined && spanId !== undefined) return { traceId, spanId }
  }
  return undefined
}

/** Fills in the address of a span in a tracing tool, such as `http://localhost:16686/trace/{traceId}`. */
export function spanUrl(template: string, { traceId, spanId }: SpanContext): string {
  return template.replaceAll('{traceId}', traceId).replaceAll('{spanId}', spanId)
}
