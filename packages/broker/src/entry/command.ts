/**
 * What commands that run a broker share: a log of its events, a certificate for development, and storage in a directory.
 *
 * @packageDocumentation
 */
export { commandLog } from '../command/command-log.js'
export type { CommandLog, CommandLogOptions, LogEntry } from '../command/command-log.js'
export { developmentTls } from '../command/development-tls.js'
export type { DevelopmentTls } from '../command/development-tls.js'
export { openDurableStorage } from '../command/open-durable-storage.js'
