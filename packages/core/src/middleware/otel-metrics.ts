import { metrics, type Attributes, type Meter } from '@opentelemetry/api'
import { requireArgument } from '../argument.js'
import type { EventSink, RequesterEvent, ResponderEvent } from '../observe/exchange-event.js'
import type { OptionRules } from '../option-rules.js'

/** Options of `otelMetrics`. */
export interface OtelMetricsOptions {
  /** The meter that creates the instruments. @defaultValue the meter `@antiphon/core` of the global provider */
  readonly meter?: Meter
}

const otelMetricsOptionRules: OptionRules<OtelMetricsOptions> = { meter: 'object' }

/** The bounds in seconds that the semantic conventions for messaging advise. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/**
 * Creates a sink that records the events of `observed` with the instruments of OpenTelemetry's API, by its semantic
 * conventions for messaging, per endpoint. Exporters do the rest. Pass each link a sink of its own.
 *
 * Needs the optional peer `@opentelemetry/api`.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), observed(otelMetrics()))
 * ```
 */
export function otelMetrics(options: OtelMetricsOptions = {}): EventSink {
  requireArgument('options', options, otelMetricsOptionRules)
  const { meter = metrics.getMeter('@antiphon/core') } = options
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: BOUNDS } }
  const exchanges = meter.createHistogram('messaging.client.operation.duration', {
    ...seconds,
    description: 'Time from a request to its settlement',
  })
  const processing = meter.createHistogram('messaging.process.duration', {
    ...seconds,
    description: 'Time from the arrival of a request to the end of its response',
  })
  const sent = meter.createCounter('messaging.client.sent.messages', { unit: '{message}' })
  const consumed = meter.createCounter('messaging.client.consumed.messages', { unit: '{message}' })
  const pending = meter.createUpDownCounter('antiphon.exchange.pending', { unit: '{exchange}' })
  const retries = meter.createCounter('antiphon.exchange.retries', { unit: '{message}' })
  const ignored = meter.createCounter('antiphon.request.ignored', { unit: '{message}' })
  const unmatched = meter.createCounter('antiphon.response.unmatched', { unit: '{message}' })
  const connections = meter.createCounter('antiphon.connection.changes', { unit: '{change}' })
  const requestedAt = new Map<number, number>()

  const onRequester = (event: RequesterEvent & { readonly at: number }): void => {
    const attributes = attributesOf('request', 'send', event.endpoint)
    if (event.kind === 'requested') {
      requestedAt.set(event.exchange, event.at)
      pending.add(1, attributes)
    } else if (event.kind === 'sent') sent.add(1, attributes)
    else if (event.kind === 'retried') {
      sent.add(1, attributes)
      retries.add(1, attributes)
    } else if (event.kind === 'received') consumed.add(1, attributes)
    else if (event.kind === 'settled') {
      const { outcome, error, status, at, exchange } = event
      const since = requestedAt.get(exchange)
      // It may have begun before this sink was there.
      if (since === undefined) return
      requestedAt.delete(exchange)
      pending.add(-1, attributes)
      const failure =
        outcome === 'responded' ? {} : { 'error.type': String(status ?? error?.code ?? outcome) }
      exchanges.record((at - since) / 1_000, { ...attributes, ...failure })
    }
  }
  const onResponder = (event: ResponderEvent): void => {
    const attributes = attributesOf('serve', 'process', event.endpoint)
    if (event.kind === 'received') consumed.add(1, attributes)
    else if (event.kind === 'responded') sent.add(1, attributes)
    else if (event.kind === 'ignored') ignored.add(1, { ...attributes, 'antiphon.reason': event.reason })
    else if (event.kind === 'duplicate') ignored.add(1, { ...attributes, 'antiphon.reason': 'duplicate' })
    else if (event.kind === 'settled' && event.duration !== undefined) {
      const { outcome, status } = event
      const failure = outcome === 'responded' ? {} : { 'error.type': String(status ?? outcome) }
      processing.record(event.duration / 1_000, { ...attributes, ...failure })
    }
  }
  return (event) => {
    if (event.side === 'requester') onRequester(event)
    else if (event.side === 'responder') onResponder(event)
    else if (event.kind === 'unmatched') unmatched.add(1, SYSTEM)
    else if (event.kind === 'online' || event.kind === 'offline' || event.kind === 'closed')
      connections.add(1, { ...SYSTEM, 'antiphon.state': event.kind })
  }
}

const SYSTEM: Attributes = { 'messaging.system': 'mqtt' }

/** Topics are no attributes: their number is not limited. The name of an endpoint is by default the template of its topic. */
function attributesOf(name: string, type: string, endpoint: string): Attributes {
  return {
    ...SYSTEM,
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    'messaging.destination.template': endpoint,
  }
}
