import type { Link } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import { connect, type MqttOptions, type TlsMaterial, type Tunnel } from '@antiphon/mqtt'

/** How a device reaches the platform. */
export interface DeviceConfig extends LinkOptions {
  /** The Device Host of the IoT Domain. */
  readonly host: string
  /** MQTTS, or WebSockets over TLS at the path `/mqtt`. A browser has only the latter. @defaultValue 'mqtts' */
  readonly protocol?: 'mqtts' | 'wss'
  /** @defaultValue 8883, and 443 for `wss` */
  readonly port?: number
  /** The same at every connection: it is by this that commands wait for a device. */
  readonly clientId: string
  /** Who the device is: its external key and password, or a certificate whose CN is the external key. */
  readonly identity:
    | { readonly externalKey: string; readonly password: string }
    | { readonly cert: TlsMaterial; readonly key: TlsMaterial; readonly passphrase?: string }
  /** The authorities to trust, as PEM. @defaultValue those of the system */
  readonly ca?: TlsMaterial
  /** The way through a proxy: `throughProxy('http://…')` or `throughProxy('socks5://…')` of `@antiphon/mqtt/proxy`. */
  readonly tunnel?: Tunnel
  /** Seconds. @defaultValue 60 */
  readonly keepalive?: number
}

/**
 * A link to the platform as its devices have to connect: MQTT 3.1.1, TLS, a session that outlives the connection.
 *
 * Lazy, as every link. Throws `invalid-argument` when the configuration breaks a rule.
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
