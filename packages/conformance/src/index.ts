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
