export { createBroker } from './broker.js'
export type { Broker } from './broker.js'
export type { EngineControls } from './engine/engine-controls.js'
export type { BrokerOptions, MemoryPolicy, QueuePolicy, SessionPolicy } from './options.js'
export type { Limits } from './limits.js'
export type { BrokerEvent, DeliveryLoss, DropReason } from './events.js'
export type { ListenOptions, Listener, ListenAddress } from './listen/listen.js'
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
export type { BrokerStats } from './stats.js'
export type { ProtocolVersion } from '@antiphon/packet'
export type { RequestedSubscription as SubscribeLine } from '@antiphon/packet'
