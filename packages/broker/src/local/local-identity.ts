import { randomUUID } from 'node:crypto'
import type { Settings } from '../options.js'
import type { ConnectRequest } from '../packet/connect.js'
import { toWillRequest } from '../will/local-will.js'
import type { LocalClientOptions } from './local-options.js'

/** The CONNECT that a local client sends on each of its connections, except Clean Start. */
export interface LocalIdentity {
  readonly request: Omit<ConnectRequest, 'cleanStart'>
  readonly clean: boolean | undefined
  /** Whether a disconnect ends the session, because no option requests a persistent one. */
  readonly endsSessionOnDisconnect: boolean
}

/** Returns the identity that the options describe. */
export function toLocalIdentity(options: LocalClientOptions, { protocolVersions }: Settings): LocalIdentity {
  const { clean, sessionExpiryInterval, endSession, username, password, will } = options
  const { protocolVersion: version = protocolVersions.includes(5) ? 5 : 4 } = options
  return {
    clean,
    endsSessionOnDisconnect: endSession ?? (clean !== false && sessionExpiryInterval === undefined),
    request: {
      version,
      isMqtt31: false,
      isBridge: false,
      clientId: options.clientId ?? `local-${randomUUID()}`,
      keepAlive: 0,
      sessionExpiryInterval: sessionExpiryInterval ?? (clean === true ? 0 : 300),
      receiveMaximum: options.receiveMaximum ?? 65_535,
      maximumPacketSize: Infinity,
      topicAliasMaximum: 0,
      requestResponseInformation: true,
      requestProblemInformation: true,
      ...(username === undefined ? {} : { userName: username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      ...(will === undefined ? {} : { will: toWillRequest(will) }),
    },
  }
}
