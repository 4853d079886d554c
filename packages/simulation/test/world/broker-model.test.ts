import { linkOver } from '@antiphon/core/link'
import { virtualBroker } from '@antiphon/testing'
import { describe, expect, it } from 'vitest'
import { BrokerModel } from '../../src/world/broker-model.js'
import { simulatedTime } from '../../src/world/simulated-time.js'

const capacity = { connectionsPerSecond: 10, backlog: 5, messagesPerSecond: 1_000, latency: 1 }

/** Connects clients at once to a broker that accepts ten connections a second, and returns their states after a time. */
function statesAfter(clients: number, milliseconds: number, isUp = true): Readonly<Record<string, number>> {
  const time = simulatedTime()
  const { scheduler } = time
  const broker = virtualBroker({ scheduler, seed: 1, latency: capacity.latency })
  const model = new BrokerModel(broker, capacity)
  if (!isUp) {
    broker.down({ sessions: 'keep' })
    model.stop()
  }
  const latest: string[] = []
  for (let index = 0; index < clients; index += 1) {
    const transport = model.limit(broker.transport({ clientId: `client-${index}` }))
    const link = linkOver(transport, { scheduler, reconnect: { initial: 60_000, maximum: 60_000 } })
    link.state$.subscribe((state) => {
      latest[index] = state.status === 'offline' ? state.error.rawMessage : state.status
    })
  }
  time.runTo(milliseconds)
  const counts: Record<string, number> = {}
  for (const state of latest) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

describe('BrokerModel', () => {
  it('accepts connections one after the other', () => {
    expect(statesAfter(5, 250)).toEqual({ online: 2, connecting: 3 })
    expect(statesAfter(5, 600)).toEqual({ online: 5 })
  })

  it('refuses connections for which the listener’s queue has no room', () => {
    expect(statesAfter(20, 1_000)).toEqual({ online: 6, 'connect ECONNREFUSED': 14 })
  })

  it('refuses all connections while the broker is down, without a queue', () => {
    expect(statesAfter(20, 10, false)).toEqual({ 'cannot connect: the broker is not reachable': 20 })
  })
})
