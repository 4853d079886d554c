export { createBroker } from './broker.js'
export type { Broker } from './broker.js'
export type { BrokerOptions, QueuePolicy } from './options.js'
export type { Limits } from './limits.js'
export type { BrokerEvent, DropReason } from './events.js'
export type { ListenOptions, Listener, Place } from './listen/listen.js'
export type {
  Admission,
  Answer,
  Authority,
  ClientInfo,
  ConnectAttempt,
  PublishRequest,
  PublishVerdict,
  SubscribeAttempt,
  SubscribeVerdict,
} from './authority/authority.js'
export type { PeerCertificate } from './connection/channel.js'
export { Reason } from './packet/reason.js'
export type { Storage, StorageChange } from './storage/storage.js'
export type { LocalClientOptions, LocalLinkOptions, LocalWill } from './local/local-options.js'
