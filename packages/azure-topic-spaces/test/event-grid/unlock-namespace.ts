import { unlockSample } from '../../src/event-grid/cli/unlock-sample.js'
import type { EventGridNamespace } from '../../src/event-grid/namespace/index.js'

/** Adds the client groups, topic spaces and permission bindings of the unlock story to a namespace. */
export function addUnlockAccess({ clientGroups, topicSpaces, permissionBindings }: EventGridNamespace): void {
  unlockSample.clientGroups.forEach(clientGroups.create)
  unlockSample.topicSpaces.forEach(topicSpaces.create)
  unlockSample.permissionBindings.forEach(permissionBindings.create)
}
