export { connectDevice } from './connect-device.js'
export type { DeviceOptions } from './connect-device.js'
export type { DeviceSessionOptions } from './device-session.js'
export { unlock$, unlockEither$ } from './unlock.js'
export type { UnlockOptions } from './unlock.js'
export { serveUnlock } from './serve-unlock.js'
export type { ServeUnlockOptions, UnlockHandler as Unlocking } from './serve-unlock.js'
export { serveMethods } from './methods/serve-methods.js'
export type { MethodCall, MethodHandler } from './methods/serve-methods.js'
export { methodEndpoint } from './methods/method-endpoint.js'
export { methodLink } from './methods/method-link.js'
export { unlockEndpoint } from './unlock-contract.js'
export type { UnlockRequest, UnlockResponse } from './unlock-contract.js'
export { clientIdOf, formatConnectionString, parseConnectionString } from './connection-string.js'
export type { ConnectionString } from './connection-string.js'
export { toCredentials } from './credentials.js'
export type { CredentialOptions, CredentialRequest } from './credentials.js'
export type { CredentialMethod } from './username.js'
export {
  addTopicSpace,
  mayPublish,
  mayReceive,
  maySubscribe,
  subscribeRights,
  topicSpace,
} from './topic-space.js'
export type { SubscribeRight, TopicSpace, TopicSpaceDefinition, TopicSpaceType } from './topic-space.js'
export { parseTemplate, substitute } from './space-template.js'
export { widestFilter } from './topic-template.js'
export type { SpaceTemplate, TemplatePiece } from './topic-template.js'
export { deviceLinkOptions, platformLimits } from './platform-limits.js'
