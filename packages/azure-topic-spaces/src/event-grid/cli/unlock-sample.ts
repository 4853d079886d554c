import type { NamespaceState } from '../namespace/resources.js'

const me = '${client.authenticationName}'

/** The resources of the unlock story: a car and a phone, and what cars and phones may publish and subscribe to. */
export const unlockSample: NamespaceState = {
  clients: [
    { name: 'car1', attributes: { type: 'car' } },
    { name: 'mobile1', attributes: { type: 'phone' } },
  ],
  clientGroups: [
    { name: 'cars', query: 'attributes.type = "car"' },
    { name: 'phones', query: 'attributes.type = "phone"' },
  ],
  topicSpaces: [
    { name: 'send-requests', topicTemplates: [`vehicles/unlock/req/+/${me}`] },
    { name: 'receive-requests', topicTemplates: [`vehicles/unlock/req/${me}/#`] },
    { name: 'send-responses', topicTemplates: [`vehicles/unlock/res/+/${me}`] },
    { name: 'receive-responses', topicTemplates: [`vehicles/unlock/res/${me}/#`] },
  ],
  permissionBindings: [
    binding('phones', 'send-requests', 'Publisher'),
    binding('cars', 'receive-requests', 'Subscriber'),
    binding('cars', 'send-responses', 'Publisher'),
    binding('phones', 'receive-responses', 'Subscriber'),
  ],
}

function binding(
  clientGroupName: string,
  topicSpaceName: string,
  permission: 'Publisher' | 'Subscriber',
): NamespaceState['permissionBindings'][number] {
  return { name: `${clientGroupName}-${topicSpaceName}`, clientGroupName, topicSpaceName, permission }
}
