import type { Link } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import { connect, type MqttOptions, type TlsMaterial, type Tunnel } from '@antiphon/mqtt'

/** The options of a device's connection to the platform. */
export interface DeviceConfig extends LinkOptions {
  /** The Device Host of the IoT Domain. */
  readonly host: string
  /** MQTTS, or WebSockets over TLS at the path `/mqtt`. A browser has only the latter. @defaultValue 'mqtts' */
  readonly protocol?: 'mqtts' | 'wss'
  /** The port of the broker. @defaultValue 8883, and 443 for `wss` */
  readonly port?: number
  /** The Client Identifier. Use the same for every connection: the platform queues commands by it. */
  readonly clientId: string
  /** How the device authenticates: by external key and password, or by a certificate whose CN is the external key. */
  readonly identity:
    | { readonly externalKey: string; readonly password: string }
    | { readonly cert: TlsMaterial; readonly key: TlsMaterial; readonly passphrase?: string }
  /** Certificate authorities to trust, as PEM. @defaultValue those of the system */
  readonly ca?: TlsMaterial
  /** A tunnel through a proxy: `throughProxy('http://…')` or `throughProxy('socks5://…')` of `@antiphon/mqtt/proxy`. */
  readonly tunnel?: Tunnel
  /** The Keep Alive, in seconds. @defaultValue 60 */
  readonly keepalive?: number
}

/**
 * Creates a device's link to the platform: MQTT 3.1.1 over TLS, with a session that outlives the connection.
 *
 * Lazy like every link. Throws `invalid-argument` if the configuration is invalid.
 */
export function connectDevice({
  host,
  protocol = 'mqtts',
  port = protocol === 'wss' ? 443 : 8883,
  clientId,
  identity,
  ca,
  tunnel,
  keepalive = 60,
  ...linkOptions
}: DeviceConfig): Link {
  const options: MqttOptions = {
    protocolVersion: 4,
    clean: false,
    clientId,
    keepalive,
    ...('cert' in identity ? identity : { username: identity.externalKey, password: identity.password }),
    ...(ca === undefined ? {} : { ca }),
    ...(tunnel === undefined ? {} : { tunnel }),
  }
  return connect(`${protocol}://${host}:${port}${protocol === 'wss' ? '/mqtt' : ''}`, {
    ...options,
    ...linkOptions,
  })
}
