import type { EventGridNamespace } from '../../src/event-grid/namespace/index.js'

/** Adds the client groups, topic spaces and permission bindings of the unlock story to a namespace. */
export function addUnlockAccess({ clientGroups, topicSpaces, permissionBindings }: EventGridNamespace): void {
  const me = '${client.authenticationName}'
  clientGroups.create({ name: 'cars', query: 'attributes.type = "car"' })
  clientGroups.create({ name: 'phones', query: 'attributes.type = "phone"' })
  topicSpaces.create({ name: 'send-requests', topicTemplates: [`vehicles/unlock/req/+/${me}`] })
  topicSpaces.create({ name: 'receive-requests', topicTemplates: [`vehicles/unlock/req/${me}/#`] })
  topicSpaces.create({ name: 'send-responses', topicTemplates: [`vehicles/unlock/res/+/${me}`] })
  topicSpaces.create({ name: 'receive-responses', topicTemplates: [`vehicles/unlock/res/${me}/#`] })
  const bindings = [
    ['phones', 'send-requests', 'Publisher'],
    ['cars', 'receive-requests', 'Subscriber'],
    ['cars', 'send-responses', 'Publisher'],
    ['phones', 'receive-responses', 'Subscriber'],
  ] as const
  for (const [clientGroupName, topicSpaceName, permission] of bindings)
    permissionBindings.create({
      name: `${clientGroupName}-${topicSpaceName}`,
      clientGroupName,
      topicSpaceName,
      permission,
    })
}
