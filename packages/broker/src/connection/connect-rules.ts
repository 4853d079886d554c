import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { PacketError, Reason, protocolError } from '@antiphon/packet'
import type { ConnectVerdict, ClientInfo, ConnectAttempt } from '../authority/authority.js'
import type { Engine } from '../engine/engine.js'
import type { Settings } from '../options.js'
import { foreverSeconds } from '../packet/connect.js'
import type { ConnectRequest, Protocol, WillRequest } from '../packet/connect.js'
import type { DisconnectPacket } from '../packet/disconnect.js'
import { isReservedTopic, topicLimitFault } from '../packet/topic-limits.js'
import type { ConnectionEnd } from '../session/sessions.js'
import type { ChannelOrigin } from './channel.js'
import { limitProperties } from './control-packets.js'
import type { ConnackProperties } from './control-packets.js'

/** Throws a `PacketError` if the broker does not speak the protocol of a CONNECT [MQTT-3.1.2-2]. */
export function checkProtocol({ level, version, isMqtt31 }: Protocol, { acceptsMqtt31 }: Settings): void {
  const isSpoken = isMqtt31 ? acceptsMqtt31 && level === 3 : level === version
  if (isSpoken) return
  const hint = isMqtt31 && level === 3 ? '; acceptsMqtt31 accepts MQTT 3.1' : ''
  throw unsupportedVersion(level, hint)
}

/** Throws a `PacketError` if a CONNECT requests a feature that this broker does not offer. */
export function checkConnect(request: ConnectRequest, settings: Settings): void {
  const { will, authenticationMethod, version } = request
  if (!request.isMqtt31 && !settings.protocolVersions.includes(version)) throw unsupportedVersion(version)
  if (request.clientId === '' && !settings.assignsClientIds) {
    throw new PacketError(
      Reason.clientIdentifierNotValid,
      'the Client Identifier is empty: this broker assigns none [MQTT-3.1.3-8]',
    )
  }
  if (authenticationMethod !== undefined && !settings.authenticationMethods.includes(authenticationMethod)) {
    throw new PacketError(
      Reason.badAuthenticationMethod,
      `the Authentication Method ${authenticationMethod} is not supported [MQTT-4.12.0-1]`,
    )
  }
  if (will === undefined) return
  if (!settings.willAvailable)
    throw new PacketError(Reason.implementationSpecificError, 'this broker does not support Wills')
  checkWill(will, settings)
}

function checkWill(will: WillRequest, settings: Settings): void {
  const fault = topicLimitFault(will.topic, settings.limits)
  if (fault !== undefined) throw new PacketError(Reason.topicNameInvalid, fault)
  if (isReservedTopic(will.topic))
    throw new PacketError(
      Reason.topicNameInvalid,
      `the Will Topic is ${will.topic}: only the broker publishes to $SYS`,
    )
  if (will.payloadFormatIndicator && settings.checksPayloadFormat && !isUtf8(will.payload)) {
    throw new PacketError(
      Reason.payloadFormatInvalid,
      'the Will Payload is not UTF-8, although its Payload Format Indicator is 1 [MQTT-3.1.2-9]',
    )
  }
  if (will.qos > settings.maximumQoS) {
    throw new PacketError(
      Reason.qosNotSupported,
      `the Will QoS is ${will.qos}: the Maximum QoS is ${settings.maximumQoS} [MQTT-3.2.2-12]`,
    )
  }
  if (will.retain && !settings.retainAvailable) {
    throw new PacketError(
      Reason.retainNotSupported,
      'Will Retain is set: this broker does not support retained messages [MQTT-3.2.2-13]',
    )
  }
}

function unsupportedVersion(level: number, hint = ''): PacketError {
  return new PacketError(
    Reason.unsupportedProtocolVersion,
    `the protocol version ${level} is not supported [MQTT-3.1.2-2]${hint}`,
  )
}

/** Returns a CONNECT as the `authenticate` hook receives it. */
export function toAttempt(request: ConnectRequest, origin: ChannelOrigin): ConnectAttempt {
  const { will, userName, password, authenticationMethod, authenticationData } = request
  const { certificate, proxyAddress, request: webSocketRequest } = origin
  return {
    clientId: request.clientId === '' ? randomUUID() : request.clientId, // [MQTT-3.1.3-6]
    protocolVersion: request.version,
    remoteAddress: origin.remoteAddress,
    listener: origin.listener,
    keepAlive: request.keepAlive,
    cleanStart: request.cleanStart,
    sessionExpiryInterval:
      request.sessionExpiryInterval === foreverSeconds ? Infinity : request.sessionExpiryInterval,
    step: 0,
    isReAuthentication: false,
    ...(userName === undefined ? {} : { userName }),
    ...(password === undefined ? {} : { password }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(proxyAddress === undefined ? {} : { proxyAddress }),
    ...(webSocketRequest === undefined ? {} : { webSocketRequest }),
    ...(will === undefined
      ? {}
      : { will: { topic: will.topic, payload: will.payload, qos: will.qos, retain: will.retain } }),
    ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
    ...(authenticationData === undefined ? {} : { authenticationData }),
  }
}

/** Returns what a connection needs of its CONNECT once the client is admitted: all but the secrets. */
export function toConnectedRequest(request: ConnectRequest): ConnectRequest {
  const { password: _password, authenticationData: _data, ...rest } = request
  return rest
}

/** Returns the identity of the client of a connect attempt. */
export function toClientInfo(attempt: ConnectAttempt, principal: unknown): ClientInfo {
  const { clientId, protocolVersion, userName, remoteAddress, listener, keepAlive } = attempt
  const { certificate, proxyAddress } = attempt
  return {
    clientId,
    protocolVersion,
    remoteAddress,
    listener,
    keepAlive,
    ...(userName === undefined ? {} : { userName }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(proxyAddress === undefined ? {} : { proxyAddress }),
    ...(principal === undefined ? {} : { principal }),
  }
}

/** Returns the Session Expiry Interval: the requested one, limited by the options and the verdict. */
function grantSessionExpiry(
  requestedInterval: number,
  { limits }: Settings,
  verdict: Extract<ConnectVerdict, { admit: true }>,
): number {
  return Math.min(requestedInterval, limits.sessionExpiryInterval, verdict.sessionExpiryInterval ?? Infinity)
}

/** A client that `authenticate` admitted. */
export interface AdmittedClient {
  readonly client: ClientInfo
  /** Seconds; `Infinity` for a session that does not expire. */
  readonly sessionExpiryInterval: number
}

/** Returns the client of a connect attempt that was admitted. */
export function toAdmittedClient(
  settings: Settings,
  attempt: ConnectAttempt,
  verdict: Extract<ConnectVerdict, { admit: true }>,
): AdmittedClient {
  const client = toClientInfo(attempt, verdict.principal)
  return {
    client,
    sessionExpiryInterval: grantSessionExpiry(attempt.sessionExpiryInterval, settings, verdict),
  }
}

/** Returns the properties of the CONNACK to an MQTT 5 client. */
export function connackProperties(
  { settings }: Engine,
  request: ConnectRequest,
  { client, sessionExpiryInterval }: AdmittedClient,
  verdict: Extract<ConnectVerdict, { admit: true }>,
): ConnackProperties {
  const { authenticationMethod } = request
  const { authenticationData } = verdict
  // Only for a client that set Request Response Information [MQTT-3.1.2-28].
  const responseInformation = request.requestResponseInformation
    ? settings.responseInformation?.(client)
    : undefined
  return {
    ...limitProperties(settings, request),
    ...(request.clientId === '' ? { assignedClientIdentifier: client.clientId } : {}), // [MQTT-3.1.3-7]
    // The norm requires it only if the broker lowered it; clients that print the session's properties expect it.
    ...(request.sessionExpiryInterval === 0
      ? {}
      : { sessionExpiryInterval: Math.min(sessionExpiryInterval, foreverSeconds) }),
    ...(responseInformation === undefined ? {} : { responseInformation }),
    ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
    ...(authenticationData === undefined ? {} : { authenticationData: Buffer.from(authenticationData) }),
  }
}

/** Returns the effective Keep Alive in seconds; 0 for none. */
export function keepAliveOf({ version, keepAlive }: ConnectRequest, { limits }: Settings): number {
  const isImposed = keepAlive === 0 && version === 5 && limits.keepAlive < 0xffff
  return isImposed ? limits.keepAlive : Math.min(keepAlive, limits.keepAlive)
}

/** Returns the effect of a DISCONNECT on the client's session and Will [MQTT-3.14.4-3]. */
export function toConnectionEnd(
  { reasonCode, sessionExpiryInterval }: DisconnectPacket,
  request: ConnectRequest,
  { limits }: Settings,
): ConnectionEnd {
  const discardsWill = reasonCode === Reason.success
  if (sessionExpiryInterval === undefined) return { discardsWill }
  if (sessionExpiryInterval > 0 && request.sessionExpiryInterval === 0) {
    throw protocolError('the Session Expiry Interval of DISCONNECT is not 0, although that of CONNECT was 0')
  }
  return {
    discardsWill,
    sessionExpiryInterval: Math.min(sessionExpiryInterval, limits.sessionExpiryInterval),
  }
}
