/** A local hub: cars reach it over TCP, the phone over WebSocket by way of a mast that can go away. */
import { createHub, type Hub } from '@antiphon/azure-topic-spaces/hub'

/** Where phones connect. */
export interface Mast {
  readonly url: string
  /** Goes off the air, and drops who is connected there; or comes back at the same address. */
  readonly setOnAir: (isOnAir: boolean) => Promise<void>
}

/** The hub, and the ways to it. */
export interface Place {
  readonly hub: Hub
  readonly mast: Mast
  readonly carUrl: string
}

/** Starts a hub where `mobile1` may ask these cars, and no others, to unlock. */
export async function startHub(cars: readonly string[]): Promise<Place> {
  const hub = createHub()
  hub.topicSpaces.create({
    name: 'publisher_ts',
    type: 'PublishOnly',
    templates: [
      ...cars.map((car) => `vehicles/unlock/req/${car}/\${principal.deviceid}`),
      'vehicles/unlock/res/+/${principal.deviceid}',
    ],
  })
  hub.topicSpaces.create({
    name: 'subscriber_ts',
    type: 'LowFanout',
    templates: ['vehicles/unlock/req/${principal.deviceid}/#', 'vehicles/unlock/res/${principal.deviceid}/#'],
  })
  for (const deviceId of ['mobile1', ...cars]) hub.devices.create(deviceId)
  const { url: carUrl } = await hub.listen({ protocol: 'tcp' })
  return { hub, carUrl, mast: await raiseMast(hub) }
}

async function raiseMast(hub: Hub): Promise<Mast> {
  let listener = await hub.listen({ protocol: 'ws', path: '/mqtt' })
  let isUp = true
  const { url, port } = listener
  return {
    url,
    setOnAir: async (isOnAir) => {
      if (isOnAir === isUp) return
      isUp = isOnAir
      if (isOnAir) {
        listener = await hub.listen({ protocol: 'ws', path: '/mqtt', port })
        return
      }
      const isDown = listener.close()
      for (const { client, clientId } of hub.broker.sessions())
        if (client?.listener === url) hub.broker.disconnect(clientId)
      await isDown
    },
  }
}
