import type { Link } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import type { SchedulerLike } from 'rxjs'
import { deviceLinkOptions, toCredentials } from '../../src/index.js'
import { createHub, type Hub, type LocalDevice } from '../../src/hub/index.js'
import { unlockSpaces } from '../unlock-spaces.js'

/** A hub with the spaces of the unlock scenario, and devices without sockets. */
export interface HubWorld {
  readonly hub: Hub
  readonly link: (deviceId: string) => Link
}

/** Makes the hub, its devices, and a credential of a day for each. */
export async function hubWorld(deviceIds: readonly string[], scheduler: SchedulerLike): Promise<HubWorld> {
  const hub = createHub({ scheduler })
  for (const { name, type, templates } of unlockSpaces) hub.topicSpaces.create({ name, type, templates })
  const devices = new Map<string, LocalDevice>()
  for (const deviceId of deviceIds) {
    hub.devices.create(deviceId)
    const issuedAt = scheduler.now()
    const credentials = await toCredentials(hub.devices.connectionString(deviceId), {
      issuedAt,
      expiresAt: issuedAt + 86_400_000,
    })
    devices.set(deviceId, { clientId: deviceId, ...credentials })
  }
  return {
    hub,
    link: (deviceId) => {
      const device = devices.get(deviceId)
      if (device === undefined) throw new Error(`${deviceId} is no device of this world`)
      return linkOver(hub.transport(device), { ...deviceLinkOptions, scheduler })
    },
  }
}
