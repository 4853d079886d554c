import { invalidArgument, quoted } from '@antiphon/core/link'
import { covers, isMatch, validateTopicFilter, validateTopicName } from '@antiphon/core/topic'
import {
  fillTemplate,
  parseTopicTemplate,
  type SpaceTemplate,
  type TemplateVariables,
} from '../topic-template.js'
import { eventGridLimits } from './event-grid-limits.js'
import { parseGroupQuery, type ClientPredicate } from './group-query.js'
import { authenticationNameOf, type NamespaceClient } from './namespace-client.js'

/** A group of clients, by a query on their attributes; see `parseGroupQuery`. */
export interface ClientGroup {
  readonly name: string
  readonly query: string
}

/** The group of all clients, which every namespace has. */
export const ALL_CLIENTS = '$all'

/** Topics, by templates: topic filters with `${client.authenticationName}` and `${client.attributes.<name>}`. */
export interface NamespaceTopicSpace {
  readonly name: string
  readonly topicTemplates: readonly string[]
}

/** Grants a client group to publish or to subscribe to a topic space. */
export interface PermissionBinding {
  readonly name: string
  readonly clientGroupName: string
  readonly topicSpaceName: string
  readonly permission: 'Publisher' | 'Subscriber'
}

/** The resources of a namespace that decide on access. */
export interface NamespaceAccess {
  readonly clientGroups: readonly ClientGroup[]
  readonly topicSpaces: readonly NamespaceTopicSpace[]
  readonly permissionBindings: readonly PermissionBinding[]
}

/** What one client may do. */
export interface ClientRights {
  readonly mayPublish: (topic: string) => boolean
  /** Whether one template of a bound topic space covers the filter. */
  readonly maySubscribe: (filter: string) => boolean
  readonly mayReceive: (topic: string) => boolean
}

const variables: TemplateVariables = {
  nameOf: (name) =>
    /^client\.authenticationName$/i.test(name)
      ? 'authenticationName'
      : /^client\.attributes\.(\w+)$/i.exec(name)?.[0].replace(/^client\./i, ''),
  forms:
    '${client.authenticationName}, ${client.attributes.<name>}, ${client.authenticationName|.suffix} or ${dollar}',
}

/** Checks a topic space and parses its templates; throws `invalid-argument` with the invalid value and the rule. */
export function parseTopicTemplates({ name, topicTemplates }: NamespaceTopicSpace): readonly SpaceTemplate[] {
  requireName('topic space', name)
  const { templatesPerSpace } = eventGridLimits
  if (topicTemplates.length < 1 || topicTemplates.length > templatesPerSpace)
    throw invalidArgument(
      `invalid topic space ${name}: it has ${topicTemplates.length} templates: it must have 1 to ${templatesPerSpace}`,
    )
  return topicTemplates.map((text) => parseTopicTemplate(text, variables))
}

/** Checks a client group and parses its query; throws `invalid-argument`. */
export function parseClientGroup({ name, query }: ClientGroup): ClientPredicate {
  requireName('client group', name)
  return parseGroupQuery(query)
}

/** Checks a permission binding, whose client group and topic space must exist; throws `invalid-argument`. */
export function requireBinding(binding: PermissionBinding, access: NamespaceAccess): PermissionBinding {
  const { name, clientGroupName: group, topicSpaceName: space, permission } = binding
  requireName('permission binding', name)
  const invalid = (why: string): Error => invalidArgument(`invalid permission binding ${name}: ${why}`)
  if (group !== ALL_CLIENTS && !access.clientGroups.some((existing) => existing.name === group))
    throw invalid(`there is no client group ${quoted(group)}: create it first`)
  if (!access.topicSpaces.some((existing) => existing.name === space))
    throw invalid(`there is no topic space ${quoted(space)}: create it first`)
  if (permission !== 'Publisher' && permission !== 'Subscriber')
    throw invalid(`its permission is ${quoted(String(permission))}: it must be Publisher or Subscriber`)
  return binding
}

/** Returns what a client may do in a namespace. Throws `invalid-argument` if a resource is invalid. */
export function rightsOf(client: NamespaceClient, access: NamespaceAccess): ClientRights {
  const groups = access.clientGroups
    .filter((group) => parseClientGroup(group)(client))
    .map(({ name }) => name)
  const filtersFor = (permission: PermissionBinding['permission']): readonly string[] => {
    const spaces = access.permissionBindings
      .filter((binding) => binding.permission === permission)
      .filter(({ clientGroupName }) => clientGroupName === ALL_CLIENTS || groups.includes(clientGroupName))
      .map(({ topicSpaceName }) => topicSpaceName)
    return access.topicSpaces
      .filter(({ name }) => spaces.includes(name))
      .flatMap(parseTopicTemplates)
      .flatMap((template) => fillTemplate(template, (variable) => valueOf(client, variable)) ?? [])
  }
  const [publishable, receivable] = [filtersFor('Publisher'), filtersFor('Subscriber')]
  return {
    mayPublish: (topic) =>
      validateTopicName(topic) === undefined && publishable.some((filter) => isMatch(filter, topic)),
    maySubscribe: (filter) =>
      validateTopicFilter(filter) === undefined && receivable.some((right) => covers(right, filter)),
    mayReceive: (topic) => receivable.some((filter) => isMatch(filter, topic)),
  }
}

function valueOf(client: NamespaceClient, variable: string): string | undefined {
  if (variable === 'authenticationName') return authenticationNameOf(client)
  const value = client.attributes?.[variable.slice('attributes.'.length)]
  // A list of values is no part of a topic.
  return typeof value === 'object' || value === undefined ? undefined : String(value)
}

function requireName(kind: string, name: string): void {
  if (!/^[A-Za-z0-9-]{3,50}$/.test(name))
    throw invalidArgument(
      `invalid ${kind} ${quoted(name)}: its name must be 3 to 50 letters, digits and dashes`,
    )
}
