export { createBroker } from './broker.js'
export type { Broker } from './broker.js'
export type { EngineControls } from './engine/engine-controls.js'
export type { BrokerOptions, MemoryPolicy, QueuePolicy, SessionPolicy } from './options.js'
export type { RateLimits } from './rates/rate-limits.js'
export type { Limits } from './limits.js'
export { eventLevel } from './events.js'
export type { BrokerEvent, DeliveryLoss, DropReason, EventLevel } from './events.js'
export type {
  ListenAddress,
  ListenOptions,
  Listener,
  ProxyOptions,
  WebSocketOptions,
} from './listen/listen.js'
export type { AttachOptions, Attachment } from './listen/attach.js'
export type { StreamInfo } from './listen/handle.js'
export type { WebSocketRequest } from './authority/web-socket-request.js'
export type {
  ConnectVerdict,
  HookResult,
  Authority,
  ClientDisconnection,
  ClientInfo,
  ConnectAttempt,
  DeliveryAttempt,
  DeliveryVerdict,
  HookName,
  PublishRequest,
  PublishVerdict,
  SubscribeAttempt,
  SubscribeVerdict,
  UnsubscribeAttempt,
  UnsubscribeVerdict,
} from './authority/authority.js'
export type { PeerCertificate } from './authority/peer-certificate.js'
export { Reason } from '@antiphon/packet'
export type { Storage, StorageChange } from './storage/storage.js'
export type { LocalClientOptions, LocalLinkOptions } from './local/local-options.js'
export type { LocalWill } from './will/local-will.js'
export type { DeliverOptions, DeliveryStatus } from './control/deliver.js'
export type { SessionInfo, SubscriptionInfo } from './session/session-info.js'
export type { Counters } from './counters.js'
export { sysTopics$ } from './monitor/sys-topics.js'
export type { SysTopicsOptions } from './monitor/sys-topics.js'
export { prometheusText } from './monitor/prometheus-text.js'
export { serveMonitor } from './monitor/serve-monitor.js'
export type { Monitor, MonitorOptions } from './monitor/serve-monitor.js'
export type { BrokerStats } from './stats.js'
export type { ProtocolVersion } from '@antiphon/packet'
export type { RequestedSubscription as SubscribeLine } from '@antiphon/packet'
