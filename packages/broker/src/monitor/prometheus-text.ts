import { describeReason } from '@antiphon/packet'
import type { BrokerStats } from '../stats.js'

/** A metric: its name without prefix, what it means, and how to read it. */
type Metric = readonly [name: string, help: string, read: (stats: BrokerStats) => number]

const gauges: readonly Metric[] = [
  ['connections', 'Open connections, also before CONNECT.', (stats) => stats.connections],
  ['clients', 'Connected clients.', (stats) => stats.clients],
  ['sessions', 'Sessions, connected or not.', (stats) => stats.sessions],
  ['subscriptions', 'Subscriptions of all sessions.', (stats) => stats.subscriptions],
  ['retained_messages', 'Retained messages.', (stats) => stats.retained],
  [
    'retained_bytes',
    'Bytes of the retained messages; limits.retainedBytes bounds them.',
    (stats) => stats.retainedBytes,
  ],
  ['messages_in_flight', 'Messages sent to clients and not acknowledged.', (stats) => stats.inFlight],
  ['messages_queued', 'Messages that wait to be sent.', (stats) => stats.queued],
  ['queue_bytes', 'Bytes of the messages in flight and queued.', (stats) => stats.heldBytes],
  [
    'session_bytes',
    'Estimated bytes of all sessions; limits.totalBytes bounds them.',
    (stats) => stats.totalBytes,
  ],
  [
    'unread_bytes',
    'Bytes that clients have not read; limits.totalUnreadBytes bounds them.',
    (stats) => stats.unreadBytes,
  ],
]

const counters: readonly Metric[] = [
  ['connects_total', 'Clients that were admitted.', (stats) => stats.connects],
  ['messages_received_total', 'PUBLISH packets received.', (stats) => stats.messagesIn],
  ['messages_sent_total', 'PUBLISH packets sent.', (stats) => stats.messagesOut],
  ['messages_dropped_total', 'Messages that did not reach a subscriber.', (stats) => stats.dropped],
  ['received_bytes_total', 'Bytes received.', (stats) => stats.bytesIn],
  ['sent_bytes_total', 'Bytes sent.', (stats) => stats.bytesOut],
]

/** The content type of `prometheusText`. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Returns statistics in the text format of Prometheus. The only label is the reason code of a refusal, so that clients cannot
 * create series.
 */
export function prometheusText(stats: BrokerStats): string {
  const lines: string[] = []
  const add = (name: string, type: 'gauge' | 'counter', help: string, samples: readonly string[]): void =>
    void lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples)
  const addAll = (metrics: readonly Metric[], type: 'gauge' | 'counter'): void => {
    for (const [name, help, read] of metrics)
      add(prefix + name, type, help, [`${prefix}${name} ${read(stats)}`])
  }
  addAll(gauges, 'gauge')
  addAll(counters, 'counter')
  add(
    `${prefix}refusals_total`,
    'counter',
    'Connections refused, by reason code.',
    Object.entries(stats.refusalsByReason).map(
      ([code, count]) => `${prefix}refusals_total{reason="${describeReason(Number(code))}"} ${count}`,
    ),
  )
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  add('process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', [
    `process_resident_memory_bytes ${rss}`,
  ])
  add('nodejs_heap_size_used_bytes', 'gauge', 'Heap of the process that is in use.', [
    `nodejs_heap_size_used_bytes ${heapUsed}`,
  ])
  add('process_cpu_seconds_total', 'counter', 'CPU time of the process.', [
    `process_cpu_seconds_total ${(user + system) / 1e6}`,
  ])
  add('process_start_time_seconds', 'gauge', 'Start of the process, in seconds since 1970.', [
    `process_start_time_seconds ${(Date.now() / 1_000 - process.uptime()).toFixed(3)}`,
  ])
  return `${lines.join('\n')}\n`
}

const prefix = 'antiphon_broker_'
