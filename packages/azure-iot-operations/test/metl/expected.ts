import type { SuiteName } from './metl-case.js'

/** The cases that do not pass yet; a case that begins or ceases to pass must be moved here by hand. */
export const expectedFailures: Readonly<Record<SuiteName, readonly string[]>> = {
  CommandInvoker: [],
  CommandExecutor: [],
  TelemetrySender: [],
  TelemetryReceiver: [],
}
