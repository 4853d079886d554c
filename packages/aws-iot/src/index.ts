/**
 * AWS IoT Core over MQTT, as RxJS streams: device shadows.
 *
 * @packageDocumentation
 */

export {
  deleteShadow,
  deleteShadow$,
  delta$,
  documents$,
  getShadow,
  getShadow$,
  updateShadow,
  updateShadow$,
} from './shadow/shadow.js'
export type { ShadowName, ShadowNotificationOptions, ShadowOptions } from './shadow/shadow.js'
export { classicShadow, namedShadow } from './shadow/endpoints.js'
export type { ShadowEndpoints } from './shadow/endpoints.js'
export type {
  JsonObject,
  RemovedShadow,
  ShadowChange,
  ShadowDelta,
  ShadowDocument,
  ShadowRequest,
  ShadowState,
  ShadowUpdate,
  ShadowUpdateRequest,
} from './shadow/documents.js'
export type { NotificationOptions } from './service/notifications.js'
export type { CallOptions, OperationTypes } from './service/operation.js'
export type { Rejection } from './service/rejection.js'
