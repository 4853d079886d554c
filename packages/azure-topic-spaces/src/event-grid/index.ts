/**
 * The unlock story on the MQTT broker of Azure Event Grid, the successor of the preview: connections and access rights of a
 * namespace. `unlock$` and `serveUnlock` are those of `@antiphon/azure-topic-spaces`.
 *
 * @packageDocumentation
 */
export { connectEventGrid } from './connect-event-grid.js'
export type { EventGridOptions } from './connect-event-grid.js'
export { eventGridLimits, eventGridLinkOptions } from './event-grid-limits.js'
export { parseGroupQuery } from './group-query.js'
export type { ClientPredicate } from './group-query.js'
export { ALL_CLIENTS, rightsOf } from './namespace-access.js'
export type {
  ClientGroup,
  ClientRights,
  NamespaceAccess,
  NamespaceTopicSpace,
  PermissionBinding,
} from './namespace-access.js'
export type { AttributeValue, NamespaceClient } from './namespace-client.js'
