import type { Link } from '@antiphon/core'
import { numberRule, requireArgument, type LinkOptions } from '@antiphon/core/link'
import { connect, type MqttOptions } from '@antiphon/mqtt'
import { asyncScheduler } from 'rxjs'
import { clientIdOf, parseConnectionString } from './connection-string.js'
import { toCredentials, type CredentialOptions } from './credentials.js'
import { deviceLinkOptions } from './platform-limits.js'

/** The options of a device's connection; TLS and socket options are those of `connect` in `@antiphon/mqtt`. */
export interface DeviceOptions
  extends
    CredentialOptions,
    Omit<LinkOptions, 'filtersPerSubscribe' | 'limits' | 'maxConnectionAge'>,
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
      | 'connectTimeout'
    > {
  /** The URL of the hub, such as `wss://localhost:443/mqtt`. @defaultValue `mqtts://<host>:8883` */
  readonly url?: string
  /** Milliseconds for which a credential is valid; it is issued for whole seconds. @defaultValue 3 600 000, an hour */
  readonly validity?: number
  /** Milliseconds before the expiry of a credential at which the link reconnects with a new one. @defaultValue 300 000 */
  readonly renewBefore?: number
}

/**
 * Creates a device's link to its hub: MQTT 3.1.1 over TLS, with a session that outlives the connection. Each connection
 * gets new credentials, and the link reconnects before they expire.
 *
 * Lazy like every link. Throws `invalid-argument` if the connection string or an option is invalid.
 */
export function connectDevice(connectionString: string, options: DeviceOptions = {}): Link {
  const device = parseConnectionString(connectionString)
  const {
    method,
    policy,
    modelId,
    clientAgent,
    url,
    validity = 3_600_000,
    renewBefore = 300_000,
    ...others
  } = options
  const { scheduler = asyncScheduler } = others
  requireArgument('validity', validity, numberRule(2_000))
  requireArgument('renewBefore', renewBefore, numberRule(1_000, validity - 1_000))
  const claims = { method, policy, modelId, clientAgent }
  const usesCertificate = (method ?? (device.sharedAccessKey === undefined ? 'X509' : 'SASb64')) === 'X509'
  return connect(url ?? `mqtts://${device.gatewayHostName ?? device.hostName}:8883`, {
    connectTimeout: 20_000,
    ...others,
    ...deviceLinkOptions,
    maxConnectionAge: usesCertificate ? Infinity : validity - renewBefore,
    protocolVersion: 4,
    clean: false,
    keepalive: 60,
    clientId: clientIdOf(device),
    credentials: () => {
      const issuedAt = scheduler.now()
      return toCredentials(device, { ...claims, issuedAt, expiresAt: issuedAt + validity })
    },
  })
}
