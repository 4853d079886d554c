export { dataContract } from './contract/data/data-contract.js'
export type { DataContractOptions } from './contract/data/data-contract.js'
export type {
  ConformanceData,
  DataCase,
  ExpectedMessage,
  ExpectedResult,
  MessageData,
  PropertyName,
  ResponderFeature,
  Step,
} from './contract/data/conformance-data.js'
export { exchangeContract } from './contract/exchange/exchange-contract.js'
export { linkContract } from './contract/link/link-contract.js'
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
