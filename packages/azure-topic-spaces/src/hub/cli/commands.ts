import { invalidArgument, quoted } from '@antiphon/core/link'
import { formatConnectionString } from '../../connection-string.js'
import type { TopicSpaceDefinition, TopicSpaceType } from '../../topic-space.js'
import type { Device, DeviceRegistry, NewDevice } from '../device-registry.js'
import type { TopicSpaceRegistry } from '../topic-space-registry.js'
import type { CommandLine } from './arguments.js'

/** What the commands work on. */
export interface Registries {
  readonly devices: DeviceRegistry
  readonly topicSpaces: TopicSpaceRegistry
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
    if (space === undefined) throw invalidArgument(`there is no topic space ${quoted(name)}`)
    return toDefinition(space)
  },
  'topic-space list': ({ topicSpaces }) => topicSpaces.list().map(toDefinition),
  'topic-space delete': ({ topicSpaces }, { required }) => topicSpaces.delete(required('topic-space-name')),
  'device-identity create': ({ devices }, line) =>
    devices.create(line.required('device-id'), toNewDevice(line)),
  'device-identity show': ({ devices }, { required }) => known(devices, required('device-id')),
  'device-identity list': ({ devices }) => devices.list(),
  'device-identity delete': ({ devices }, { required }) => devices.delete(required('device-id')),
  'device-identity update': ({ devices }, { required }) => {
    const [deviceId, status] = [required('device-id'), required('status')]
    if (status !== 'enabled' && status !== 'disabled')
      throw invalidArgument(`the status is ${quoted(status)}: use enabled or disabled`)
    devices.enable(deviceId, status === 'enabled')
    return known(devices, deviceId)
  },
  'device-identity connection-string show': ({ devices }, { required }) => ({
    connectionString: formatConnectionString(devices.connectionString(required('device-id'))),
  }),
}

/** Carries a command out and gives what it prints; throws `invalid-argument` naming what is unfit. */
export function execute(registries: Registries, line: CommandLine): unknown {
  const command = Object.hasOwn(commands, line.command) ? commands[line.command] : undefined
  if (command === undefined)
    throw invalidArgument(`the command ${quoted(line.command)} is unknown: see --help`)
  return command(registries, line)
}

/** A topic space as it is written down. */
export function toDefinition({ name, type, templates }: TopicSpaceDefinition): TopicSpaceDefinition {
  return { name, type, templates }
}

function known(devices: DeviceRegistry, deviceId: string): Device {
  const device = devices.get(deviceId)
  if (device === undefined) throw invalidArgument(`there is no device ${quoted(deviceId)}`)
  return device
}

function toNewDevice({ optional }: CommandLine): NewDevice {
  const method = optional('auth-method') ?? 'shared_private_key'
  if (method === 'x509_ca') return { method: 'x509' }
  if (method !== 'shared_private_key')
    throw invalidArgument(`the auth-method is ${quoted(method)}: use shared_private_key or x509_ca`)
  const [primary, secondary] = [optional('primary-key'), optional('secondary-key')]
  if (primary === undefined && secondary === undefined) return {}
  if (primary === undefined || secondary === undefined)
    throw invalidArgument('the options --primary-key and --secondary-key go together')
  return { keys: [primary, secondary] }
}
