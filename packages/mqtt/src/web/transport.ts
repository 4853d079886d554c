import { invalidArgument, requireArgument, type Transport } from '@antiphon/core/link'
import { type Address, type BrokerUrl, toAddresses } from '../address.js'
import { sessionConflict } from '../session-option-rules.js'
import { sessionTransport } from '../session-transport.js'
import { webSocketUrl } from '../streams/byte-stream.js'
import { type WebSocketConstructor, WebSocketStream } from '../streams/browser/web-socket-stream.js'
import { assertAvailable, webOptionRules } from './option-rules.js'
import type { WebOptions } from './options.js'
import { WebClient } from './web-client.js'

/**
 * Creates a transport over the platform's WebSocket, without MQTT.js. Given several URLs, the first connection goes to the
 * first URL and each later one to the next, round robin.
 *
 * Throws `invalid-argument`, before anything is sent, if a URL or an option is invalid, or if there is no WebSocket.
 */
export function webTransport(url: BrokerUrl, options: WebOptions = {}): Transport {
  const addresses = toAddresses(url)
  assertAvailable(options)
  requireArgument('options', options, webOptionRules, options)
  for (const address of addresses) assertAddress(address, options)
  const webSocket = options.webSocket ?? platformWebSocket()
  const { connectTimeout = 30_000 } = options
  return sessionTransport({
    addresses,
    options,
    openStream: (address, events) => new WebSocketStream(webSocketUrl(address), events, webSocket),
    prepareClient: () => (parts) => new WebClient(parts, connectTimeout),
  })
}

function assertAddress(address: Address, options: WebOptions): void {
  const { protocol, text } = address
  if (protocol !== 'ws' && protocol !== 'wss') {
    throw invalidArgument(`url ${text} needs a plain socket: use ws: or wss:, or connect of @antiphon/mqtt`)
  }
  const conflict = sessionConflict(options, address)
  if (conflict !== undefined) throw invalidArgument(conflict)
}

function platformWebSocket(): WebSocketConstructor {
  const { WebSocket: found } = globalThis as { readonly WebSocket?: WebSocketConstructor }
  if (found !== undefined) return found
  throw invalidArgument(
    'options.webSocket is not set, and this runtime has no WebSocket: set it to a class such as WebSocket of the npm package ws',
  )
}
