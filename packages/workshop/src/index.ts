export {
  describeForeign,
  foreignCommand,
  foreignPrograms,
  installCommands,
  isInstalled,
  skippedSuitesFile,
} from './foreign.js'
export type { ForeignProgram, SkippedSuite } from './foreign.js'
export { mosquittoClient, python } from './foreign-peers/program.js'
export type { Program } from './foreign-peers/program.js'
export { freePort } from './free-port.js'
export { startMosquitto } from './mosquitto.js'
export type { Mosquitto, MosquittoOptions, MosquittoTls } from './mosquitto.js'
export { startHttpProxy, startSocksProxy } from './proxies.js'
export type { ProxyUser, TestProxy } from './proxies.js'
