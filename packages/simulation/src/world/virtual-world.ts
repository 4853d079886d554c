import { linkOver } from '@antiphon/core/link'
import { virtualBroker } from '@antiphon/testing'
import { timer } from 'rxjs'
import { type BrokerCapacity, BrokerModel } from './broker-model.js'
import { simulatedTime } from './simulated-time.js'
import type { World } from './world.js'

/** The Receive Maximum of the clients: the window of a Mosquitto as it comes. */
const RECEIVE_MAXIMUM = 20

/** Returns a broker of the given capacity on simulated time. */
export function virtualWorld(capacity: BrokerCapacity, seed: number): World {
  const time = simulatedTime()
  const { scheduler } = time
  const broker = virtualBroker({ scheduler, seed, latency: capacity.latency })
  const model = new BrokerModel(broker, capacity)
  const regions = new Map<number, string[]>()
  return {
    scheduler,
    link: ({ clientId, region }, options) => {
      const members = regions.get(region) ?? []
      members.push(clientId)
      regions.set(region, members)
      const transport = broker.transport({
        clientId,
        clean: false,
        sessionExpiryInterval: 3_600,
        receiveMaximum: RECEIVE_MAXIMUM,
      })
      return linkOver(model.limit(transport), { ...options, scheduler })
    },
    stopBroker: (milliseconds, sessions) => {
      broker.down({ sessions })
      model.stop()
      timer(milliseconds, scheduler).subscribe(() => {
        broker.up()
        model.start()
      })
    },
    cutRegion: (region, milliseconds) => {
      const members = regions.get(region) ?? []
      for (const clientId of members) broker.inject({ kind: 'cut', clientId, session: 'keep' })
      timer(milliseconds, scheduler).subscribe(() => {
        for (const clientId of members) broker.inject({ kind: 'restore', clientId })
      })
    },
    runTo: (end) => {
      time.runTo(end)
      return Promise.resolve()
    },
    end: () => Promise.resolve(),
  }
}
