import { invalidArgument, quoted } from '@antiphon/core/link'
import { commandLineError } from '../../cli/command-line.js'
import type { AttributeValue, NamespaceClient } from '../namespace-client.js'
import type { NamespaceResources } from '../namespace/resources.js'
import type { ResourceRegistry } from '../namespace/resource-registry.js'
import type { CommandLine } from './arguments.js'

type Command = (resources: NamespaceResources, line: CommandLine) => unknown

const commands: Readonly<Record<string, Command>> = {
  ...commandsFor('client', ({ clients }) => clients, toClient),
  ...commandsFor(
    'client-group',
    ({ clientGroups }) => clientGroups,
    ({ required }) => ({
      name: required('name'),
      query: required('group-query'),
    }),
  ),
  ...commandsFor(
    'topic-space',
    ({ topicSpaces }) => topicSpaces,
    ({ required, all }) => ({
      name: required('name'),
      topicTemplates: all('topic-templates'),
    }),
  ),
  ...commandsFor(
    'permission-binding',
    ({ permissionBindings }) => permissionBindings,
    ({ required }) => ({
      name: required('name'),
      clientGroupName: required('client-group-name'),
      topicSpaceName: required('topic-space-name'),
      // The registry rejects any other text.
      permission: capitalized(required('permission')) as 'Publisher' | 'Subscriber',
    }),
  ),
}

/** Runs a command and returns what it prints; throws `invalid-argument` if the command or a value is invalid. */
export function execute(resources: NamespaceResources, line: CommandLine): unknown {
  const command = Object.hasOwn(commands, line.command) ? commands[line.command] : undefined
  if (command === undefined) throw commandLineError(`the command ${quoted(line.command)} is unknown`)
  return command(resources, line)
}

function commandsFor<A extends { readonly name: string }>(
  kind: string,
  registryOf: (resources: NamespaceResources) => ResourceRegistry<A>,
  toResource: (line: CommandLine) => A,
): Readonly<Record<string, Command>> {
  return {
    [`${kind} create`]: (resources, line) => registryOf(resources).create(toResource(line)),
    [`${kind} show`]: (resources, { required }) => {
      const name = required('name')
      const resource = registryOf(resources).get(name)
      if (resource === undefined)
        throw invalidArgument(`there is no ${kind} ${quoted(name)}: see ${kind} list`)
      return resource
    },
    [`${kind} list`]: (resources) => registryOf(resources).list(),
    [`${kind} delete`]: (resources, { required }) => registryOf(resources).delete(required('name')),
  }
}

function toClient({ required, optional, all }: CommandLine): NamespaceClient {
  const authenticationName = optional('authentication-name')
  const attributes = optional('attributes')
  const thumbprints = all('thumbprint')
  const state = capitalized(optional('state') ?? 'Enabled')
  if (state !== 'Enabled' && state !== 'Disabled')
    throw commandLineError(`--state is ${quoted(state)}: it must be Enabled or Disabled`)
  return {
    name: required('name'),
    ...(authenticationName !== undefined && { authenticationName }),
    ...(attributes !== undefined && { attributes: toAttributes(attributes) }),
    ...(thumbprints.length > 0 && {
      validationScheme: 'ThumbprintMatch' as const,
      allowedThumbprints: thumbprints,
    }),
    ...(state === 'Disabled' && { isEnabled: false }),
  }
}

function toAttributes(text: string): Readonly<Record<string, AttributeValue>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw commandLineError(`--attributes is not JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || !Object.values(value).every(isAttributeValue))
    throw commandLineError(
      `--attributes is ${text}: it must be a JSON object of texts, whole numbers and lists of texts`,
    )
  return value as Readonly<Record<string, AttributeValue>>
}

function isAttributeValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((text) => typeof text === 'string')
  return typeof value === 'string' || typeof value === 'number'
}

/** Azure's command line accepts any case. */
function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase()
}
