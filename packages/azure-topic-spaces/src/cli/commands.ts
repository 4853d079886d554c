import { invalidArgument, quoted } from '@antiphon/core/link'
import { formatConnectionString } from '../connection-string.js'
import type { TopicSpaceDefinition, TopicSpaceType } from '../topic-space.js'
import type { Device, DeviceRegistry, NewDevice } from '../hub/device-registry.js'
import type { Policy, PolicyRegistry } from '../hub/policy-registry.js'
import type { TopicSpaceRegistry } from '../hub/topic-space-registry.js'
import type { CommandLine } from './arguments.js'
import { commandLineError } from './command-line.js'

/** The devices and topic spaces that the commands change. */
export interface Registries {
  readonly devices: DeviceRegistry
  readonly topicSpaces: TopicSpaceRegistry
  readonly policies: PolicyRegistry
}

type Command = (registries: Registries, line: CommandLine) => unknown

const commands: Readonly<Record<string, Command>> = {
  'topic-space create': ({ topicSpaces }, { required, all }) =>
    toDefinition(
      topicSpaces.create({
        name: required('topic-space-name'),
        type: required('topic-space-type') as TopicSpaceType,
        templates: all('template'),
      }),
    ),
  'topic-space show': ({ topicSpaces }, { required }) => {
    const name = required('topic-space-name')
    const space = topicSpaces.get(name)
    if (space === undefined)
      throw invalidArgument(`there is no topic space ${quoted(name)}: see topic-space list`)
    return toDefinition(space)
  },
  'topic-space list': ({ topicSpaces }) => topicSpaces.list().map(toDefinition),
  'topic-space delete': ({ topicSpaces }, { required }) => topicSpaces.delete(required('topic-space-name')),
  'device-identity create': ({ devices }, line) =>
    devices.create(line.required('device-id'), toNewDevice(line)),
  'device-identity show': ({ devices }, { required }) => requireDevice(devices, required('device-id')),
  'device-identity list': ({ devices }) => devices.list(),
  'device-identity delete': ({ devices }, { required }) => devices.delete(required('device-id')),
  'device-identity update': ({ devices }, { required }) => {
    const [deviceId, status] = [required('device-id'), required('status')]
    if (status !== 'enabled' && status !== 'disabled')
      throw invalidArgument(`--status is ${quoted(status)}: it must be enabled or disabled`)
    devices.setEnabled(deviceId, status === 'enabled')
    return requireDevice(devices, deviceId)
  },
  'device-identity connection-string show': (registries, { required, optional }) => {
    const device = registries.devices.connectionString(required('device-id'))
    const name = optional('policy-name')
    if (name === undefined) return { connectionString: formatConnectionString(device) }
    const { key } = requirePolicy(registries, name)
    const signedByPolicy = { ...device, sharedAccessKey: key, sharedAccessKeyName: name }
    return { connectionString: formatConnectionString(signedByPolicy) }
  },
  'policy create': ({ policies }, { required, optional }) =>
    policies.create(required('policy-name'), optional('primary-key')),
  'policy show': (registries, { required }) => requirePolicy(registries, required('policy-name')),
  'policy list': ({ policies }) => policies.list(),
  'policy delete': ({ policies }, { required }) => policies.delete(required('policy-name')),
}

/** Runs a command and returns what it prints; throws `invalid-argument` if the command or a value is invalid. */
export function execute(registries: Registries, line: CommandLine): unknown {
  const command = Object.hasOwn(commands, line.command) ? commands[line.command] : undefined
  if (command === undefined) throw commandLineError(`the command ${quoted(line.command)} is unknown`)
  return command(registries, line)
}

/** Returns a topic space as stored in the hub's file. */
export function toDefinition({ name, type, templates }: TopicSpaceDefinition): TopicSpaceDefinition {
  return { name, type, templates }
}

function requirePolicy({ policies }: Registries, name: string): Policy {
  const policy = policies.get(name)
  if (policy === undefined) throw invalidArgument(`there is no policy ${quoted(name)}: see policy list`)
  return policy
}

function requireDevice(devices: DeviceRegistry, deviceId: string): Device {
  const device = devices.get(deviceId)
  if (device === undefined)
    throw invalidArgument(`there is no device ${quoted(deviceId)}: see device-identity list`)
  return device
}

function toNewDevice({ optional }: CommandLine): NewDevice {
  const method = optional('auth-method') ?? 'shared_private_key'
  if (method === 'x509_ca') return { method: 'x509' }
  if (method !== 'shared_private_key')
    throw invalidArgument(`--auth-method is ${quoted(method)}: it must be shared_private_key or x509_ca`)
  const [primary, secondary] = [optional('primary-key'), optional('secondary-key')]
  if (primary === undefined && secondary === undefined) return {}
  if (primary === undefined || secondary === undefined)
    throw invalidArgument('--primary-key and --secondary-key need each other: set both or none')
  return { keys: [primary, secondary] }
}
