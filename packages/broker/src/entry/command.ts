/**
 * What commands that run a broker share: a log of its events, a certificate for development, and storage in a directory; and
 * the command `antiphon-broker`, for commands that contain it.
 *
 * @packageDocumentation
 */
export { commandLog } from '../command/command-log.js'
export type { CommandLog, CommandLogOptions, LogEntry } from '../command/command-log.js'
export { developmentTls } from '../command/development-tls.js'
export type { DevelopmentTls } from '../command/development-tls.js'
export { openDurableStorage } from '../command/open-durable-storage.js'
export { runCommand } from '../cli/command.js'
export type { CommandHost } from '../cli/command.js'
export type { ArchiveHost } from '../cli/archive-commands.js'
export type { PasswordTerminal } from '../cli/read-password.js'
