export { virtualBroker } from './virtual/virtual-broker.js'
export type {
  BrokerCounts,
  BrokerLimits,
  PlayOptions,
  Published,
  SessionFate,
  SessionView,
  Undo,
  VirtualBroker,
  VirtualBrokerOptions,
  VirtualClientOptions,
} from './virtual/broker.js'
export type { Latency } from './virtual/connection.js'
export type { Will } from './virtual/packet.js'
export type { Overlap } from './virtual/routing.js'
export type { BrokerSubscription } from './virtual/session.js'
export { faultAlphabet, faultScript } from './faults/script.js'
export type { ConnectionFault, Fault, PacketChoice, PacketFault, ScriptedFault } from './faults/fault.js'
export { linkContract } from './contract/link-contract.js'
export { virtualSetting } from './contract/virtual-setting.js'
export type { VirtualSettingOptions } from './contract/virtual-setting.js'
export type {
  Ability,
  ContractCase,
  ContractLinkOptions,
  ContractSetting,
  ContractWorld,
  LinkContract,
  UnexaminedCase,
} from './contract/world.js'
export { ExpectationError } from './compare/expectation.js'
