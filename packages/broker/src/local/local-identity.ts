import { randomUUID } from 'node:crypto'
import type { Settings } from '../options.js'
import type { ConnectRequest, WillRequest } from '../packet/connect.js'
import { encodeProperties } from '../packet/message-properties.js'
import type { LocalClientOptions, LocalWill } from './local-options.js'

/** A local client's CONNECT, over all its connections. */
export interface LocalIdentity {
  readonly request: Omit<ConnectRequest, 'cleanStart'>
  readonly clean: boolean | undefined
  /** A farewell ends the session, for nobody asked that it be kept. */
  readonly endsWithFarewell: boolean
}

/** The identity that options describe. */
export function toIdentity(options: LocalClientOptions, { protocolVersions }: Settings): LocalIdentity {
  const { clean, sessionExpiryInterval, username, password, will } = options
  const { protocolVersion: version = protocolVersions.includes(5) ? 5 : 4 } = options
  return {
    clean,
    endsWithFarewell: clean !== false && sessionExpiryInterval === undefined,
    request: {
      version,
      clientId: options.clientId ?? `local-${randomUUID()}`,
      keepAlive: 0,
      sessionExpiryInterval: sessionExpiryInterval ?? (clean === true ? 0 : 300),
      receiveMaximum: options.receiveMaximum ?? 65_535,
      maximumPacketSize: Infinity,
      topicAliasMaximum: 0,
      wantsResponseInformation: true,
      wantsProblemInformation: true,
      ...(username === undefined ? {} : { userName: username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      ...(will === undefined ? {} : { will: toWillRequest(will) }),
    },
  }
}

function toWillRequest(will: LocalWill): WillRequest {
  const { bytes, expiryAt } = encodeProperties(will)
  const {
    topic,
    payload,
    qos = 0,
    retain = false,
    willDelayInterval: delay = 0,
    messageExpiryInterval: expiry,
  } = will
  return {
    topic,
    payload,
    qos,
    retain,
    willDelayInterval: delay,
    properties: bytes,
    expiryAt,
    isTextPayload: will.payloadFormatIndicator === true,
    ...(expiry === undefined ? {} : { expiry }),
  }
}
