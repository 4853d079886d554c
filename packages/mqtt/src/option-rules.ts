import type { OutgoingMessage } from '@antiphon/core'
import { invalidArgument, outgoingFault, quoted, validateString } from '@antiphon/core/link'
import { type Address, isBrowser } from './address.js'
import type { ConnectProperties, Credentials, MqttOptions, Will } from './options.js'

/** Why a value cannot be that of an option; `undefined` when it can. */
type Rule = (value: unknown, options: MqttOptions) => string | undefined

type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule }

const isTrueOrFalse: Rule = (value) => (typeof value === 'boolean' ? undefined : 'it must be true or false')
const isFunction: Rule = (value) => (typeof value === 'function' ? undefined : 'it must be a function')
const isObject: Rule = (value) =>
  typeof value === 'object' && value !== null ? undefined : 'it must be an object'
const isText: Rule = (value) => validateString(value as string)

const isPassword: Rule = (value) => {
  if (!(value instanceof Uint8Array)) return isText(value, {})
  return value.length <= 65_535 ? undefined : 'it must not take more than 65 535 bytes'
}

const isWhole =
  (least: number, most: number): Rule =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `it must be a whole number from ${least} to ${most}`

const isOneOf =
  (...allowed: readonly unknown[]): Rule =>
  (value) =>
    allowed.includes(value) ? undefined : `it must be ${allowed.join(' or ')}`

const onlyVersion5 =
  (rule: Rule): Rule =>
  (value, options) =>
    options.protocolVersion === 4 ? 'it is of MQTT 5, and protocolVersion is 4' : rule(value, options)

const onlyNode =
  (rule: Rule): Rule =>
  (value, options) =>
    isBrowser() ? 'a browser leaves this to the page' : rule(value, options)

const isPem: Rule = (value) => {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
  const isEach = parts.every((part) => typeof part === 'string' || part instanceof Uint8Array)
  return isEach && parts.length > 0 ? undefined : 'it must be PEM text, its bytes, or an array of these'
}

const isProtocolList: Rule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
    ? undefined
    : 'it must be an array of names'

const isWill: Rule = (value, options) => {
  const wrong = isObject(value, options)
  if (wrong !== undefined) return wrong
  const { willDelayInterval, payload = '', ...rest } = value as Will
  const message = {
    ...rest,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
  } as OutgoingMessage
  const fault = outgoingFault(message)
  if (fault !== undefined) return fault.message
  if (message.payload.length > 65_535)
    return `its payload takes ${message.payload.length} bytes: 65 535 is the most`
  if (willDelayInterval === undefined) return undefined
  const delay = onlyVersion5(isWhole(0, 4_294_967_295))(willDelayInterval, options)
  return delay === undefined ? undefined : `its willDelayInterval is ${String(willDelayInterval)}: ${delay}`
}

const isUserProperties: Rule = (value) =>
  outgoingFault({
    topic: 'connect',
    payload: new Uint8Array(),
    userProperties: value as NonNullable<OutgoingMessage['userProperties']>,
  })?.message

const propertyRules: Rules<ConnectProperties> = {
  sessionExpiryInterval: isWhole(0, 4_294_967_295),
  receiveMaximum: isWhole(1, 65_535),
  maximumPacketSize: isWhole(1, 4_294_967_295),
  topicAliasMaximum: isWhole(0, 65_535),
  requestResponseInformation: isTrueOrFalse,
  requestProblemInformation: isTrueOrFalse,
  userProperties: isUserProperties,
}

const optionRules: Rules<MqttOptions> = {
  protocolVersion: isOneOf(4, 5),
  clientId: isText,
  clean: isTrueOrFalse,
  keepalive: isWhole(0, 65_535),
  connectTimeout: isWhole(1, 2_147_483_647),
  username: isText,
  password: (value, options) =>
    options.username === undefined ? 'it needs a username' : isPassword(value, options),
  credentials: (value, options) =>
    options.username === undefined
      ? isFunction(value, options)
      : 'it takes the place of username and password',
  will: isWill,
  properties: onlyVersion5(
    (value, options) => isObject(value, options) ?? check(value as ConnectProperties, propertyRules, options),
  ),
  ca: onlyNode(isPem),
  cert: onlyNode(isPem),
  key: onlyNode(isPem),
  passphrase: onlyNode(isText),
  rejectUnauthorized: onlyNode(isTrueOrFalse),
  servername: onlyNode(isText),
  ALPNProtocols: onlyNode(isProtocolList),
  wsOptions: onlyNode(isObject),
  tunnel: onlyNode(isFunction),
  timerVariant: isOneOf('auto', 'worker', 'native'),
  scheduler: isObject,
}

/** The names of the options that concern the connection. */
export const optionNames: readonly string[] = Object.keys(optionRules)

/** Throws `invalid-argument`, naming option, value and rule, unless the options can be connected with. */
export function assertOptions(options: MqttOptions, address: Address): void {
  const fault = check(options, optionRules, options) ?? contradiction(options, address)
  if (fault !== undefined) throw invalidArgument(fault)
}

/** The credentials themselves when they can be sent in CONNECT; throws `invalid-argument` otherwise. */
export function assertCredentials(credentials: Credentials): Credentials {
  const { username, password } = credentials
  const wrong = isText(username, {})
  if (wrong !== undefined) throw invalidArgument(`username ${shown(username)} of the credentials: ${wrong}`)
  const wrongPassword = password === undefined ? undefined : isPassword(password, {})
  if (wrongPassword !== undefined) throw invalidArgument(`password of the credentials: ${wrongPassword}`)
  return credentials
}

function check<Options extends object>(
  given: Options,
  rules: Rules<Options>,
  options: MqttOptions,
): string | undefined {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof Options] : undefined
    if (rule === undefined) return `option ${quoted(name)} is not known: use ${Object.keys(rules).join(', ')}`
    const wrong = rule(value, options)
    if (wrong !== undefined) return `option ${name}${isSecret(name) ? '' : ` is ${shown(value)}`}: ${wrong}`
  }
  return undefined
}

/** Options that are fine each by itself. */
function contradiction(
  { clean, clientId, cert, key, ...options }: MqttOptions,
  address: Address,
): string | undefined {
  if (clean === false && (clientId ?? '') === '') {
    return 'option clean is false: it needs a clientId, by which the broker knows the session [MQTT-3.1.3-8]'
  }
  if ((cert === undefined) !== (key === undefined)) return 'options cert and key need each other'
  if (cert !== undefined && (address.protocol === 'mqtt' || address.protocol === 'ws')) {
    return `option cert needs TLS, and ${address.text} has none: use mqtts: or wss:`
  }
  if (address.username !== undefined && (options.username ?? options.credentials) !== undefined) {
    return `the URL names a user, and so do the options: name one user only`
  }
  return undefined
}

function isSecret(name: string): boolean {
  return name === 'password' || name === 'passphrase' || name === 'key'
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
