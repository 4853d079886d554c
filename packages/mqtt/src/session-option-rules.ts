import type { OutgoingMessage } from '@antiphon/core'
import {
  invalidArgument,
  type OptionRule,
  type OptionRules,
  outgoingFault,
  quoted,
  validateString,
  violationOf,
  wholeNumberRule,
} from '@antiphon/core/link'
import type { Address } from './address.js'
import type {
  Authentication,
  ConnectProperties,
  Credentials,
  ServerRedirection,
  SessionOptions,
  Will,
} from './options.js'
import { isAllowEntry } from './server-addresses.js'

type Rule = OptionRule<SessionOptions>

/** Accepts strings that MQTT can carry. */
export const stringRule: OptionRule = (value) => validateString(value as string)

/** Keeps the value of an option out of the error. */
export const secretRule =
  (rule: OptionRule): OptionRule =>
  (value, context) => {
    const violation = violationOf(rule, value, context)
    return violation && `: ${violation}`
  }

const passwordRule = secretRule((value) => {
  if (!(value instanceof Uint8Array)) return validateString(value as string)
  return value.length <= 65_535 ? undefined : 'it must not take more than 65 535 bytes'
})

const mqtt5Only =
  (rule: Rule): Rule =>
  (value, options) =>
    options.protocolVersion === 4
      ? 'it needs MQTT 5, and protocolVersion is 4; leave one of them out'
      : violationOf(rule, value, options)

/** Accepts an option that must not be left out on MQTT 3.1.1. */
const mqtt5Required =
  (rule: Rule): Rule =>
  (value, options) =>
    options.protocolVersion === 'auto'
      ? ": it needs MQTT 5, and protocolVersion 'auto' may connect without it; set protocolVersion to 5"
      : violationOf(mqtt5Only(rule), value, options)

/** Accepts the names of a will's properties; `willRule` validates their values. */
const willNames: OptionRules<Will> = {
  topic: 'any',
  payload: 'any',
  qos: 'any',
  retain: 'any',
  willDelayInterval: 'any',
  responseTopic: 'any',
  correlationData: 'any',
  contentType: 'any',
  payloadFormatIndicator: 'any',
  messageExpiryInterval: 'any',
  userProperties: 'any',
}

const willRule: Rule = (value, options) => {
  const unknown = violationOf(willNames, value, options)
  if (unknown !== undefined) return unknown
  const { willDelayInterval, payload = '', ...rest } = value as Will
  const message = {
    ...rest,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
  } as OutgoingMessage
  const fault = outgoingFault(message)
  if (fault !== undefined) return `.${fault.rawMessage}`
  if (message.payload.length > 65_535)
    return `.payload has ${message.payload.length} bytes: it must not take more than 65 535 bytes`
  if (willDelayInterval === undefined) return undefined
  const violation = violationOf(mqtt5Only(wholeNumberRule(0, 4_294_967_295)), willDelayInterval, options)
  return violation === undefined
    ? undefined
    : `.willDelayInterval is ${String(willDelayInterval)}: ${violation}`
}

const authenticationRules: OptionRules<Authentication> = {
  method: stringRule,
  begin: 'function',
  reauthenticate$: 'object',
}

const authenticationRule: OptionRule = (value, context) => {
  const violation = violationOf(authenticationRules, value, context)
  if (violation !== undefined) return violation
  const { method, begin } = value as Partial<Authentication>
  return method === undefined || begin === undefined ? ': it needs method and begin' : undefined
}

const serverRedirectionRules: OptionRules<ServerRedirection> = {
  allow: (value) => {
    const isList = Array.isArray(value) && value.length > 0
    const isValid = isList && value.every((entry) => typeof entry === 'string' && isAllowEntry(entry))
    return isValid ? undefined : ': it must be a list of host, host:port or *.domain'
  },
  maxHops: wholeNumberRule(1),
}

const serverRedirectionRule: OptionRule = (value, context) => {
  const violation = violationOf(serverRedirectionRules, value, context)
  if (violation !== undefined) return violation
  return (value as Partial<ServerRedirection>).allow === undefined ? ': it needs allow' : undefined
}

const userPropertiesRule: OptionRule = (value) =>
  outgoingFault({
    topic: 'connect',
    payload: new Uint8Array(),
    userProperties: value as NonNullable<OutgoingMessage['userProperties']>,
  })?.rawMessage

const propertyRules: OptionRules<ConnectProperties> = {
  sessionExpiryInterval: wholeNumberRule(0, 4_294_967_295),
  receiveMaximum: wholeNumberRule(1, 65_535),
  maximumPacketSize: wholeNumberRule(1, 4_294_967_295),
  topicAliasMaximum: wholeNumberRule(0, 65_535),
  requestResponseInformation: [true, false],
  requestProblemInformation: [true, false],
  userProperties: userPropertiesRule,
}

/** The rules of `SessionOptions`. */
export const sessionOptionRules: OptionRules<SessionOptions, SessionOptions> = {
  protocolVersion: [4, 5, 'auto'],
  clientId: stringRule,
  clean: [true, false],
  keepalive: wholeNumberRule(0, 65_535),
  connectTimeout: wholeNumberRule(1, 2_147_483_647),
  username: stringRule,
  password: (value, options) =>
    options.username === undefined ? ': it needs a username' : violationOf(passwordRule, value, options),
  credentials: (value, options) =>
    options.username === undefined
      ? violationOf('function', value, options)
      : 'it replaces username and password; set only one of them',
  authentication: mqtt5Required(authenticationRule),
  endSession: mqtt5Only([true, false]),
  serverRedirection: mqtt5Only(serverRedirectionRule),
  will: willRule,
  properties: mqtt5Only(propertyRules),
  scheduler: 'object',
}

/** Returns the credentials if CONNECT can carry them; throws `invalid-argument` otherwise. */
export function assertCredentials(credentials: Credentials): Credentials {
  const { username, password } = credentials
  const usernameFault = validateString(username)
  if (usernameFault !== undefined) {
    throw invalidArgument(`credentials.username is ${quoted(username)}: ${usernameFault}`)
  }
  const passwordFault = password && violationOf(passwordRule, password, undefined)
  if (passwordFault !== undefined) throw invalidArgument(`credentials.password${passwordFault}`)
  return credentials
}

/** Returns Authentication Data that a packet can carry; throws `invalid-argument` otherwise. */
export function assertAuthenticationData<A extends Uint8Array | undefined>(data: A): A {
  if (data !== undefined && !(data instanceof Uint8Array))
    throw invalidArgument('the Authentication Data is not a Uint8Array: return bytes')
  if (data !== undefined && data.length > 65_535)
    throw invalidArgument(`the Authentication Data has ${data.length} bytes: MQTT allows 65 535`)
  return data
}

/** Describes the first pair of options of the session that are valid alone but exclude each other. */
export function sessionConflict(options: SessionOptions, address: Address): string | undefined {
  const { clean, clientId, username, credentials } = options
  if (clean === false && (clientId ?? '') === '') {
    return 'options.clean is false: it needs a clientId, by which the broker finds the session [MQTT-3.1.3-8]'
  }
  if (address.username !== undefined && (username ?? credentials) !== undefined) {
    return `the URL and the options both name a user: name one user only`
  }
  return undefined
}
