/** A local hub: cars connect over TCP, the phone over a WebSocket listener that can be turned off. */
import { createHub, type Hub } from '@antiphon/azure-topic-spaces/hub'

/** The listener for phones. */
export interface PhoneListener {
  readonly url: string
  /** Stops listening and disconnects all phones, or listens again on the same port. */
  readonly setListening: (isListening: boolean) => Promise<void>
}

/** The hub and its listeners. */
export interface LocalHub {
  readonly hub: Hub
  readonly phoneListener: PhoneListener
  readonly carUrl: string
}

/** Starts a hub where `mobile1` may unlock these cars, and no others. */
export async function startHub(cars: readonly string[]): Promise<LocalHub> {
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
  return { hub, carUrl, phoneListener: await listenForPhones(hub) }
}

async function listenForPhones(hub: Hub): Promise<PhoneListener> {
  let listener = await hub.listen({ protocol: 'ws', path: '/mqtt' })
  let isListening = true
  const { url, port } = listener
  return {
    url,
    setListening: async (shouldListen) => {
      if (shouldListen === isListening) return
      isListening = shouldListen
      if (shouldListen) {
        listener = await hub.listen({ protocol: 'ws', path: '/mqtt', port })
        return
      }
      const isClosed = listener.close()
      for (const { client, clientId } of hub.broker.sessions())
        if (client?.listener === url) hub.broker.disconnect(clientId)
      await isClosed
    },
  }
}
