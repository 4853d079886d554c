/**
 * Connects to the broker of Azure IoT Operations, with settings from the environment, a connection string or mounted files.
 * Needs Node.
 *
 * @packageDocumentation
 */

export { connectOperations } from './connect-operations.js'
export type { OperationsConnectOptions } from './connect-operations.js'
export type { ConnectionSettings } from './settings.js'
export { settingsFromConnectionString, settingsFromEnvironment, settingsFromMounts } from './settings-from.js'
export type { Environment } from './settings-from.js'
