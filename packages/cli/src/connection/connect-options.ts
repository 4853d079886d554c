import type { LinkOptions } from '@antiphon/core/link'
import type { Credentials, MqttOptions } from '@antiphon/mqtt'
import type { ConnectionFlags } from '../flags/connection-flags.js'
import type { Host } from '../host.js'
import { usageError } from '../usage-error.js'
import {
  readNamedFile,
  readSecretFile,
  requireNoPassword,
  requireNoSecretHeader,
  runSecretCommand,
} from './secrets.js'

/** What a link is created from. */
export interface ConnectArguments {
  readonly url: readonly [string, ...string[]]
  readonly options: MqttOptions
  readonly linkOptions: LinkOptions
}

/** Returns what the options of a command line mean for a link. Reads the files that they name. */
export async function toConnectArguments(
  flags: ConnectionFlags,
  env: Host['env'],
): Promise<ConnectArguments> {
  for (const url of flags.url ?? []) requireNoPassword('--url', 'ANTIPHON_URL', url)
  const [first = env['ANTIPHON_URL'] ?? 'mqtt://localhost:1883', ...others] = flags.url ?? []
  const { mqttVersion, clientId, clean, endSession, keepalive, connectTimeout, servername, alpn } = flags
  const { maxConnectionAge, closeTimeout } = flags
  const options = definedOf<MqttOptions>({
    protocolVersion: mqttVersion,
    clientId,
    clean,
    endSession,
    keepalive,
    connectTimeout,
    servername,
    ALPNProtocols: alpn,
    rejectUnauthorized: flags.insecure === true ? false : undefined,
    will: willOf(flags),
    properties: propertiesOf(flags),
    ...(await credentialsOf(flags, env)),
    ...(await tlsOf(flags, env)),
    wsOptions: await headersOf(flags),
    tunnel: await tunnelOf(flags, env),
  })
  return { url: [first, ...others], options, linkOptions: definedOf({ maxConnectionAge, closeTimeout }) }
}

async function credentialsOf(
  { username: named, passwordFile, passwordCommand }: ConnectionFlags,
  env: Host['env'],
): Promise<Partial<MqttOptions>> {
  const username = named ?? env['ANTIPHON_USERNAME']
  if (username === undefined) {
    const option = passwordFile === undefined ? '--password-command' : '--password-file'
    if ((passwordFile ?? passwordCommand) !== undefined)
      throw usageError(`${option} needs a user: set --username`)
    return {}
  }
  if (passwordFile !== undefined && passwordCommand !== undefined)
    throw usageError('--password-file and --password-command exclude each other')
  if (passwordCommand !== undefined) {
    const credentials = async (): Promise<Credentials> => ({
      username,
      password: await runSecretCommand('--password-command', passwordCommand),
    })
    return { credentials }
  }
  const password =
    passwordFile === undefined
      ? env['ANTIPHON_PASSWORD']
      : await readSecretFile('--password-file', passwordFile)
  return { username, ...(password !== undefined && { password }) }
}

async function tlsOf(
  { ca, cert, key, passphraseFile }: ConnectionFlags,
  env: Host['env'],
): Promise<Partial<MqttOptions>> {
  const passphrase =
    passphraseFile === undefined
      ? env['ANTIPHON_PASSPHRASE']
      : await readSecretFile('--passphrase-file', passphraseFile)
  return {
    ...(ca !== undefined && { ca: await Promise.all(ca.map((file) => readNamedFile('--ca', file))) }),
    ...(cert !== undefined && { cert: await readNamedFile('--cert', cert) }),
    ...(key !== undefined && { key: await readNamedFile('--key', key) }),
    ...(key !== undefined && passphrase !== undefined && { passphrase }),
  }
}

async function headersOf({ header }: ConnectionFlags): Promise<MqttOptions['wsOptions']> {
  if (header === undefined) return undefined
  const headers: Record<string, string> = {}
  for (const [name, value] of header) {
    requireNoSecretHeader(name, value)
    headers[name] = value.startsWith('@') ? await readSecretFile('--header', value.slice(1)) : value
  }
  return { headers }
}

async function tunnelOf({ proxy: named }: ConnectionFlags, env: Host['env']): Promise<MqttOptions['tunnel']> {
  if (named !== undefined) requireNoPassword('--proxy', 'ANTIPHON_PROXY', named)
  const proxy = named ?? env['ANTIPHON_PROXY']
  if (proxy === undefined) return undefined
  // Loads TLS and proxy protocols that other connections do not use.
  const { throughProxy } = await import('@antiphon/mqtt/proxy')
  return throughProxy(proxy)
}

function willOf(flags: ConnectionFlags): MqttOptions['will'] {
  const { willTopic, willPayload, willQos, willRetain, willDelayInterval } = flags
  const others = { payload: willPayload, qos: willQos, retain: willRetain, willDelayInterval }
  if (willTopic !== undefined) return { topic: willTopic, ...definedOf(others) }
  if (Object.values(others).some((value) => value !== undefined))
    throw usageError('the options of a will need --will-topic')
  return undefined
}

function propertiesOf(flags: ConnectionFlags): MqttOptions['properties'] {
  const { sessionExpiryInterval, receiveMaximum, maximumPacketSize, topicAliasMaximum } = flags
  const properties = definedOf<NonNullable<MqttOptions['properties']>>({
    sessionExpiryInterval,
    receiveMaximum,
    maximumPacketSize,
    topicAliasMaximum,
    userProperties: flags.connectProperty,
  })
  return Object.keys(properties).length === 0 ? undefined : properties
}

/** Returns an object without the properties that are `undefined`. */
function definedOf<A extends object>(values: { readonly [Name in keyof A]?: A[Name] | undefined }): A {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as A
}
