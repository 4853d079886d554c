import { invalidArgument, type Link, type LinkOptions } from '@antiphon/core'
import { connect, type MqttOptions, type TlsMaterial } from '@antiphon/mqtt'

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
  /** A `http.Agent` that leads through a proxy, of `https-proxy-agent` or `socks-proxy-agent`; with `wss` only. */
  readonly agent?: object
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
  agent,
  keepalive = 60,
  ...linkOptions
}: DeviceConfig): Link {
  if (agent !== undefined && protocol !== 'wss') {
    throw invalidArgument('agent leads WebSockets through a proxy, and protocol is mqtts: use wss')
  }
  const options: MqttOptions = {
    protocolVersion: 4,
    clean: false,
    clientId,
    keepalive,
    ...('cert' in identity ? identity : { username: identity.externalKey, password: identity.password }),
    ...(ca === undefined ? {} : { ca }),
    ...(agent === undefined ? {} : { wsOptions: { agent } }),
  }
  return connect(`${protocol}://${host}:${port}${protocol === 'wss' ? '/mqtt' : ''}`, {
    ...options,
    ...linkOptions,
  })
}
