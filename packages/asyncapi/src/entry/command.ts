/**
 * The command `antiphon-contract`, for commands that contain it, and how it reads files.
 *
 * @packageDocumentation
 */
export { contractProgram } from '../cli/program.js'
export type { ContractEnvironment } from '../cli/program.js'
export { loadModule, readDocument } from '../cli/read-files.js'
