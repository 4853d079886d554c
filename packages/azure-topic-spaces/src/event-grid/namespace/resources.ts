import { eventGridLimits } from '../event-grid-limits.js'
import {
  parseClientGroup,
  parseTopicTemplates,
  requireBinding,
  type ClientGroup,
  type NamespaceAccess,
  type NamespaceTopicSpace,
  type PermissionBinding,
} from '../namespace-access.js'
import { requireClient, type NamespaceClient } from '../namespace-client.js'
import { resourceRegistry, type ResourceRegistry } from './resource-registry.js'

/** The contents of a namespace, as lists. */
export interface NamespaceState extends NamespaceAccess {
  readonly clients: readonly NamespaceClient[]
}

/** The resources of a namespace, by name. */
export interface NamespaceResources {
  readonly clients: ResourceRegistry<NamespaceClient>
  readonly clientGroups: ResourceRegistry<ClientGroup>
  readonly topicSpaces: ResourceRegistry<NamespaceTopicSpace>
  readonly permissionBindings: ResourceRegistry<PermissionBinding>
}

/** What is called after a change of resources. */
export interface ResourceObserver {
  readonly onClientChange?: (name: string) => void
  readonly onAccessChange?: () => void
}

/** Creates the empty registries of a namespace. */
export function namespaceResources({
  onClientChange = () => undefined,
  onAccessChange = () => undefined,
}: ResourceObserver = {}): NamespaceResources {
  const clients = resourceRegistry<NamespaceClient>({
    kind: 'client',
    check: requireClient,
    onChange: onClientChange,
  })
  const clientGroups = resourceRegistry<ClientGroup>({
    kind: 'client group',
    limit: eventGridLimits.clientGroups,
    check: parseClientGroup,
    onChange: onAccessChange,
  })
  const topicSpaces = resourceRegistry<NamespaceTopicSpace>({
    kind: 'topic space',
    limit: eventGridLimits.topicSpaces,
    check: parseTopicTemplates,
    onChange: onAccessChange,
  })
  const access = (): NamespaceAccess => ({
    clientGroups: clientGroups.list(),
    topicSpaces: topicSpaces.list(),
    permissionBindings: permissionBindings.list(),
  })
  const permissionBindings = resourceRegistry<PermissionBinding>({
    kind: 'permission binding',
    limit: eventGridLimits.permissionBindings,
    check: (binding) => requireBinding(binding, access()),
    onChange: onAccessChange,
  })
  return { clients, clientGroups, topicSpaces, permissionBindings }
}

/** Returns the contents of registries. */
export function toState(resources: NamespaceResources): NamespaceState {
  return {
    clients: resources.clients.list(),
    clientGroups: resources.clientGroups.list(),
    topicSpaces: resources.topicSpaces.list(),
    permissionBindings: resources.permissionBindings.list(),
  }
}

/** Makes registries contain a state and nothing else. Throws `invalid-argument`, before any change, if the state is invalid. */
export function loadState(resources: NamespaceResources, state: NamespaceState): void {
  const draft = namespaceResources()
  addAll(draft, state)
  // Bindings go first and come last, since they refer to the others.
  const { permissionBindings, clients, clientGroups, topicSpaces } = resources
  removeOthers(permissionBindings, state.permissionBindings)
  removeOthers(clients, state.clients)
  removeOthers(clientGroups, state.clientGroups)
  removeOthers(topicSpaces, state.topicSpaces)
  addAll(resources, state)
}

type Named = { readonly name: string }

function addAll(resources: NamespaceResources, state: NamespaceState): void {
  state.clients.forEach(resources.clients.create)
  state.clientGroups.forEach(resources.clientGroups.create)
  state.topicSpaces.forEach(resources.topicSpaces.create)
  state.permissionBindings.forEach(resources.permissionBindings.create)
}

function removeOthers<A extends Named>(registry: ResourceRegistry<A>, kept: readonly A[]): void {
  for (const { name } of registry.list())
    if (!kept.some((resource) => resource.name === name)) registry.delete(name)
}
