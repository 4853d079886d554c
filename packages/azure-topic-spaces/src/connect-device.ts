import type { Link } from '@antiphon/core'
import { connect, type MqttOptions } from '@antiphon/mqtt'
import { parseConnectionString } from './connection-string.js'
import { toConnectOptions, type DeviceSessionOptions } from './device-session.js'

/** The options of a device's connection; TLS and socket options are those of `connect` in `@antiphon/mqtt`. */
export interface DeviceOptions
  extends
    DeviceSessionOptions,
    Pick<
      MqttOptions,
      | 'ca'
      | 'cert'
      | 'key'
      | 'passphrase'
      | 'servername'
      | 'rejectUnauthorized'
      | 'wsOptions'
      | 'tunnel'
      | 'timerVariant'
    > {
  /** The URL of the hub, such as `wss://localhost:443/mqtt`. @defaultValue `mqtts://<host>:8883` */
  readonly url?: string
}

/**
 * Creates a device's link to its hub: MQTT 3.1.1 over TLS, with a session that outlives the connection. Each connection
 * gets new credentials, and the link reconnects before they expire.
 *
 * Lazy like every link. Throws `invalid-argument` if the connection string or an option is invalid.
 */
export function connectDevice(connectionString: string, options: DeviceOptions = {}): Link {
  const device = parseConnectionString(connectionString)
  const { url, ...others } = options
  return connect(
    url ?? `mqtts://${device.gatewayHostName ?? device.hostName}:8883`,
    toConnectOptions(device, others),
  )
}
