import mqtt, { type IClientOptions, type MqttClient, type Packet } from 'mqtt'

/** A client that connects once, when told, keeps nothing, and leaves every acknowledgement to us. */
export function oneTimeClient(options: IClientOptions): MqttClient {
  const client = mqtt.connect({
    ...options,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    manualConnect: true,
    log: () => undefined,
  })
  withholdAcknowledgements(client)
  return client
}

/** MQTT.js's sending step. */
type Send = (packet: Packet, done?: () => void, ...others: readonly unknown[]) => void

/**
 * MQTT.js acknowledges what it received as soon as its handlers are done, and handles nothing more before they are. So
 * it is let believe that its acknowledgements left, and the true ones are sent when it is time.
 */
function withholdAcknowledgements(client: MqttClient): void {
  const send = (client['_sendPacket'] as Send).bind(client)
  const sendOthers: Send = (packet, done, ...others) => {
    if (packet.cmd === 'puback' || packet.cmd === 'pubrec' || packet.cmd === 'pubcomp') done?.()
    else send(packet, done, ...others)
  }
  client['_sendPacket'] = sendOthers
}
