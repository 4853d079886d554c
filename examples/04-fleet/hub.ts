/** A local hub for a fleet: alerts fan out to every vehicle, positions of every vehicle come together on a map. */
import { connectDevice, formatConnectionString } from '@antiphon/azure-topic-spaces'
import { createHub, type Hub } from '@antiphon/azure-topic-spaces/hub'
import type { Link } from '@antiphon/core'

/** A hub that listens, and its devices. */
export interface Fleet {
  readonly hub: Hub
  /** Makes a device and connects it. */
  readonly connect: (deviceId: string) => Link
}

/** Starts the hub with the topic spaces of both directions. */
export async function startFleet(): Promise<Fleet> {
  const hub = createHub()
  hub.topicSpaces.create({ name: 'alerts', type: 'LowFanout', templates: ['fleet/alerts/#'] })
  hub.topicSpaces.create({
    name: 'positions',
    type: 'PublishOnly',
    templates: ['vehicles/${principal.deviceid}/GPS/#'],
  })
  hub.topicSpaces.create({ name: 'map', type: 'LowFanout', templates: ['vehicles/+/GPS/#'] })
  const { url } = await hub.listen({ protocol: 'tcp' })
  return {
    hub,
    connect: (deviceId) => {
      hub.devices.create(deviceId)
      return connectDevice(formatConnectionString(hub.devices.connectionString(deviceId)), { url })
    },
  }
}
