import type { Transport } from '@antiphon/core/link'
import { openStream } from '#streams'
import { type BrokerUrl, toAddresses } from './address.js'
import { toClientOptions } from './client-options.js'
import { MqttJsClient } from './mqtt-js-client.js'
import { assertOptions } from './option-rules.js'
import type { MqttOptions } from './options.js'
import { sessionTransport } from './session-transport.js'

/**
 * Creates a transport over MQTT.js. MQTT.js provides sockets, TLS, WebSockets, CONNECT, the parser and the keepalive;
 * packets that are acknowledged, in either direction, are handled here. Given several URLs, the first connection goes to
 * the first URL and each later one to the next, round robin.
 *
 * Throws `invalid-argument`, before anything is sent, if a URL or an option is invalid.
 */
export function mqttTransport(url: BrokerUrl, options: MqttOptions = {}): Transport {
  const addresses = toAddresses(url)
  for (const address of addresses) assertOptions(options, address)
  return sessionTransport({
    addresses,
    options,
    openStream: (address, events) => openStream(address, options, events),
    prepareClient: (connect, protocolVersion) => {
      const clientOptions = toClientOptions(connect, protocolVersion, options)
      return (parts) => new MqttJsClient(parts, clientOptions)
    },
  })
}
