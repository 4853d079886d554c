/**
 * A local stand-in for the MQTT broker of an Event Grid namespace.
 *
 * @packageDocumentation
 */
export { createNamespace } from './namespace.js'
export type { EventGridNamespace, LocalNamespaceClient, NamespaceOptions } from './namespace.js'
export type { NamespaceResources } from './resources.js'
export type { ResourceRegistry } from './resource-registry.js'
