/** A hub for a fleet: alerts fan out to every vehicle, positions of every vehicle come together on a map. */
import {
  connectDevice,
  formatConnectionString,
  type TopicSpaceDefinition,
} from '@antiphon/azure-topic-spaces'
import { createHub } from '@antiphon/azure-topic-spaces/hub'
import type { Link } from '@antiphon/core'

/** The topic spaces of both directions, as the hub has to have them. */
export const fleetSpaces: readonly TopicSpaceDefinition[] = [
  { name: 'alerts', type: 'LowFanout', templates: ['fleet/alerts/#'] },
  { name: 'positions', type: 'PublishOnly', templates: ['vehicles/${principal.deviceid}/GPS/#'] },
  { name: 'map', type: 'LowFanout', templates: ['vehicles/+/GPS/#'] },
]

/** A hub with the spaces of the fleet. */
export interface Fleet {
  /** Connects a device, `vehicle1` by the connection string in `CS_VEHICLE1_DEVICE`. */
  readonly connect: (deviceId: string) => Link
  readonly close: () => Promise<void>
}

/** The hub that the connection strings name, or that is at `HUB_URL`; without any, a local one. */
export async function openFleet(): Promise<Fleet> {
  const { env } = process
  const url = env['HUB_URL']
  const variableOf = (deviceId: string): string => `CS_${deviceId.toUpperCase()}_DEVICE`
  if (env[variableOf('dispatcher')] !== undefined) {
    return {
      connect: (deviceId) => {
        const text = env[variableOf(deviceId)]
        if (text === undefined)
          throw new Error(`set ${variableOf(deviceId)} to the device's connection string`)
        return connectDevice(text, url === undefined ? {} : { url })
      },
      close: () => Promise.resolve(),
    }
  }
  const hub = createHub()
  for (const space of fleetSpaces) hub.topicSpaces.create(space)
  const local = await hub.listen({ protocol: 'tcp' })
  return {
    connect: (deviceId) => {
      hub.devices.create(deviceId)
      const text = formatConnectionString(hub.devices.connectionString(deviceId))
      return connectDevice(text, { url: local.url })
    },
    close: hub.close,
  }
}
