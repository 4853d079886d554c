/** A hub for a fleet: alerts fan out to all vehicles, positions of all vehicles fan in to a map. */
import {
  connectDevice,
  formatConnectionString,
  type TopicSpaceDefinition,
} from '@antiphon/azure-topic-spaces'
import { createHub } from '@antiphon/azure-topic-spaces/hub'
import type { Link } from '@antiphon/core'

/** The topic spaces that the hub must have. */
export const fleetSpaces: readonly TopicSpaceDefinition[] = [
  { name: 'alerts', type: 'LowFanout', templates: ['fleet/alerts/#'] },
  { name: 'positions', type: 'PublishOnly', templates: ['vehicles/${principal.deviceid}/GPS/#'] },
  { name: 'map', type: 'LowFanout', templates: ['vehicles/+/GPS/#'] },
]

/** A hub with the topic spaces of the fleet. */
export interface Fleet {
  /** Connects a device; the connection string of `vehicle1` is in `CS_VEHICLE1_DEVICE`. */
  readonly connect: (deviceId: string) => Link
  /** Closes the hub if it is a local one. */
  readonly close: () => Promise<void>
}

/** Opens the hub of the connection strings, or of `HUB_URL`; without connection strings, a local hub. */
export async function openFleet(): Promise<Fleet> {
  const { env } = process
  const url = env['HUB_URL']
  const variableOf = (deviceId: string): string => `CS_${deviceId.toUpperCase()}_DEVICE`
  if (env[variableOf('dispatcher')] !== undefined) {
    return {
      connect: (deviceId) => {
        const text = env[variableOf(deviceId)]
        if (text === undefined)
          throw new Error(`${variableOf(deviceId)} is not set: set it to the device's connection string`)
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
