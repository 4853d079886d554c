import type { Link } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import type { SchedulerLike } from 'rxjs'
import { deviceLinkOptions, toCredentials } from '../../src/index.js'
import { createHub, type Hub, type LocalDevice } from '../../src/hub/index.js'
import { unlockSpaces } from '../unlock-spaces.js'

/** A hub with the topic spaces of the unlock scenario, and in-process links of its devices. */
export interface HubWorld {
  readonly hub: Hub
  readonly link: (deviceId: string) => Link
}

/** Creates the hub, its devices, and for each a credential that is valid for a day. */
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
      if (device === undefined) throw new Error(`there is no device ${deviceId} in this world`)
      return linkOver(hub.transport(device), { ...deviceLinkOptions, scheduler })
    },
  }
}
