import type { OutgoingMessage } from '@antiphon/core'
import { invalidArgument, outgoingFault, quoted, validateString } from '@antiphon/core/link'
import { type Address, isBrowser } from './address.js'
import type { ConnectProperties, Credentials, MqttOptions, Will } from './options.js'

/**
 * Returns the rule that a value breaks, or `undefined` if it is valid. A result that begins with `.` concerns a property
 * of the value and starts with its path.
 */
type Rule = (value: unknown, options: MqttOptions) => string | undefined

type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule }

const booleanRule: Rule = (value) => (typeof value === 'boolean' ? undefined : 'it must be true or false')
const functionRule: Rule = (value) => (typeof value === 'function' ? undefined : 'it must be a function')
const objectRule: Rule = (value) =>
  typeof value === 'object' && value !== null ? undefined : 'it must be an object'
const stringRule: Rule = (value) => validateString(value as string)

const passwordRule: Rule = (value) => {
  if (!(value instanceof Uint8Array)) return stringRule(value, {})
  return value.length <= 65_535 ? undefined : 'it must not take more than 65 535 bytes'
}

const integerRule =
  (least: number, most: number): Rule =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `it must be a whole number from ${least} to ${most}`

const oneOfRule =
  (...allowed: readonly unknown[]): Rule =>
  (value) =>
    allowed.includes(value) ? undefined : `it must be ${allowed.join(' or ')}`

const mqtt5Only =
  (rule: Rule): Rule =>
  (value, options) =>
    options.protocolVersion === 4
      ? 'it needs MQTT 5, and protocolVersion is 4; leave one of them out'
      : rule(value, options)

const nodeOnly =
  (rule: Rule): Rule =>
  (value, options) =>
    isBrowser() ? 'it is not available in a browser; leave it out' : rule(value, options)

const pemRule: Rule = (value) => {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
  const isValid = parts.every((part) => typeof part === 'string' || part instanceof Uint8Array)
  return isValid && parts.length > 0
    ? undefined
    : 'it must be PEM text, its bytes, or a non-empty array of these'
}

const protocolListRule: Rule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
    ? undefined
    : 'it must be an array of strings'

const willRule: Rule = (value, options) => {
  const notAnObject = objectRule(value, options)
  if (notAnObject !== undefined) return notAnObject
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
  const violation = mqtt5Only(integerRule(0, 4_294_967_295))(willDelayInterval, options)
  return violation === undefined
    ? undefined
    : `.willDelayInterval is ${String(willDelayInterval)}: ${violation}`
}

const userPropertiesRule: Rule = (value) =>
  outgoingFault({
    topic: 'connect',
    payload: new Uint8Array(),
    userProperties: value as NonNullable<OutgoingMessage['userProperties']>,
  })?.rawMessage

const propertyRules: Rules<ConnectProperties> = {
  sessionExpiryInterval: integerRule(0, 4_294_967_295),
  receiveMaximum: integerRule(1, 65_535),
  maximumPacketSize: integerRule(1, 4_294_967_295),
  topicAliasMaximum: integerRule(0, 65_535),
  requestResponseInformation: booleanRule,
  requestProblemInformation: booleanRule,
  userProperties: userPropertiesRule,
}

const optionRules: Rules<MqttOptions> = {
  protocolVersion: oneOfRule(4, 5),
  clientId: stringRule,
  clean: booleanRule,
  keepalive: integerRule(0, 65_535),
  connectTimeout: integerRule(1, 2_147_483_647),
  username: stringRule,
  password: (value, options) =>
    options.username === undefined ? 'it needs a username' : passwordRule(value, options),
  credentials: (value, options) =>
    options.username === undefined
      ? functionRule(value, options)
      : 'it replaces username and password; set only one of them',
  will: willRule,
  properties: mqtt5Only(
    (value, options) =>
      objectRule(value, options) ?? check(value as ConnectProperties, propertyRules, options, '.'),
  ),
  ca: nodeOnly(pemRule),
  cert: nodeOnly(pemRule),
  key: nodeOnly(pemRule),
  passphrase: nodeOnly(stringRule),
  rejectUnauthorized: nodeOnly(booleanRule),
  servername: nodeOnly(stringRule),
  ALPNProtocols: nodeOnly(protocolListRule),
  wsOptions: nodeOnly(objectRule),
  tunnel: nodeOnly(functionRule),
  timerVariant: oneOfRule('auto', 'worker', 'native'),
  scheduler: objectRule,
}

/** The names of all options in `MqttOptions`. */
export const optionNames: readonly string[] = Object.keys(optionRules)

/** Throws `invalid-argument`, with option, value and rule, if an option is invalid or two options exclude each other. */
export function assertOptions(options: MqttOptions, address: Address): void {
  const fault = check(options, optionRules, options) ?? conflictOf(options, address)
  if (fault !== undefined) throw invalidArgument(fault)
}

/** Returns the credentials if CONNECT can carry them; throws `invalid-argument` otherwise. */
export function assertCredentials(credentials: Credentials): Credentials {
  const { username, password } = credentials
  const usernameFault = stringRule(username, {})
  if (usernameFault !== undefined) {
    throw invalidArgument(`credentials.username is ${describeValue(username)}: ${usernameFault}`)
  }
  const passwordFault = password === undefined ? undefined : passwordRule(password, {})
  if (passwordFault !== undefined) throw invalidArgument(`credentials.password: ${passwordFault}`)
  return credentials
}

function check<Options extends object>(
  values: Options,
  rules: Rules<Options>,
  options: MqttOptions,
  prefix = 'option ',
): string | undefined {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof Options] : undefined
    if (rule === undefined) {
      return `${prefix}${quoted(name)} is not known: use ${Object.keys(rules).join(', ')}`
    }
    const fault = rule(value, options)
    if (fault === undefined) continue
    if (fault.startsWith('.')) return `${prefix}${name}${fault}`
    return `${prefix}${name}${isSecret(name) ? '' : ` is ${describeValue(value)}`}: ${fault}`
  }
  return undefined
}

/** Describes the first pair of options that are valid alone but exclude each other. */
function conflictOf(
  { clean, clientId, cert, key, ...options }: MqttOptions,
  address: Address,
): string | undefined {
  if (clean === false && (clientId ?? '') === '') {
    return 'option clean is false: it needs a clientId, by which the broker finds the session [MQTT-3.1.3-8]'
  }
  if ((cert === undefined) !== (key === undefined)) return 'options cert and key need each other'
  if (cert !== undefined && (address.protocol === 'mqtt' || address.protocol === 'ws')) {
    return `option cert needs TLS, which ${address.text} does not use: use mqtts: or wss:`
  }
  if (address.username !== undefined && (options.username ?? options.credentials) !== undefined) {
    return `the URL and the options both name a user: name one user only`
  }
  return undefined
}

function isSecret(name: string): boolean {
  return name === 'password' || name === 'passphrase' || name === 'key'
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
