import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { publish, type LoadResult } from './broker-load.js'

/** Milliseconds between two messages of a quiet load. */
const period = 10

/**
 * Measures the deliveries of a publisher that sends one message every 10 ms. The broker sleeps in between, so that what it
 * costs to wake up counts.
 */
export async function quiet(
  receivers: readonly Socket[],
  publisher: Socket,
  milliseconds: number,
): Promise<LoadResult> {
  const message = publish('bench/quiet', 0, 1)
  const latencies: number[] = []
  const began = performance.now()
  while (performance.now() - began < milliseconds) {
    const sentAt = performance.now()
    const received = receivers.map(async (receiver) => {
      await once(receiver, 'data')
      latencies.push(performance.now() - sentAt)
    })
    publisher.write(message)
    await Promise.all(received)
    await wait(period)
  }
  latencies.sort((a, b) => a - b)
  return {
    messages: latencies.length,
    milliseconds: performance.now() - began,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? NaN,
  }
}
