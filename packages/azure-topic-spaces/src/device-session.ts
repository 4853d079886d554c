import { numberRule, requireArgument, type LinkOptions } from '@antiphon/core/link'
import type { SessionOptions } from '@antiphon/mqtt/web'
import { asyncScheduler } from 'rxjs'
import { clientIdOf, type ConnectionString } from './connection-string.js'
import { toCredentials, type CredentialOptions } from './credentials.js'
import { deviceLinkOptions } from './platform-limits.js'

/** The options of a device's connection over any kind of socket. */
export interface DeviceSessionOptions
  extends
    CredentialOptions,
    Omit<LinkOptions, 'filtersPerSubscribe' | 'limits' | 'maxConnectionAge'>,
    Pick<SessionOptions, 'connectTimeout'> {
  /** Milliseconds for which a credential is valid; it is issued for whole seconds. @defaultValue 3 600 000, an hour */
  readonly validity?: number
  /** Milliseconds before the expiry of a credential at which the link reconnects with a new one. @defaultValue 300 000 */
  readonly renewBefore?: number
}

/** The options of `connect`, of which `Options` has those of sockets. */
export type DeviceConnectOptions<Options> = Omit<Options, keyof DeviceSessionOptions> &
  LinkOptions &
  SessionOptions

/** Returns the options of `connect` for a device; options of sockets are passed on. */
export function toConnectOptions<Options extends DeviceSessionOptions>(
  device: ConnectionString,
  options: Options,
): DeviceConnectOptions<Options> {
  const {
    method,
    policy,
    modelId,
    clientAgent,
    validity = 3_600_000,
    renewBefore = 300_000,
    ...others
  } = options
  const { scheduler = asyncScheduler } = options
  requireArgument('validity', validity, numberRule(2_000))
  requireArgument('renewBefore', renewBefore, numberRule(1_000, validity - 1_000))
  const claims = { method, policy, modelId, clientAgent }
  const usesCertificate = (method ?? (device.sharedAccessKey === undefined ? 'X509' : 'SASb64')) === 'X509'
  return {
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
  } as unknown as DeviceConnectOptions<Options>
}
