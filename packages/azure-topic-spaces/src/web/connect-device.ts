import type { Link } from '@antiphon/core'
import { connect, type WebOptions } from '@antiphon/mqtt/web'
import { parseConnectionString } from '../connection-string.js'
import { toConnectOptions, type DeviceSessionOptions } from '../device-session.js'

/** The options of a device's connection over the platform's WebSocket. */
export interface WebDeviceOptions extends DeviceSessionOptions, Pick<WebOptions, 'webSocket'> {
  /** The WebSocket URL of the hub, such as `wss://localhost:443/mqtt`. */
  readonly url: string
}

/**
 * Creates a device's link to its hub as `connectDevice` of `@antiphon/azure-topic-spaces` does, over the platform's own
 * WebSocket and without MQTT.js, for web pages.
 *
 * Lazy like every link. Throws `invalid-argument` if the connection string or an option is invalid.
 */
export function connectDevice(connectionString: string, options: WebDeviceOptions): Link {
  const device = parseConnectionString(connectionString)
  const { url, ...others } = options
  return connect(url, toConnectOptions(device, others))
}
