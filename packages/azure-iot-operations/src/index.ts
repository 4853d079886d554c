// Define commands
export { command } from './command.js'
export type { Command } from './command.js'
export type { TopicTokens } from './topic-pattern.js'

// Invoke commands
export { invokeCommand, invokeCommand$, invokeCommandEither$ } from './invoke-command.js'
export type { CommandInvocation, CommandResponse, InvokeOptions } from './invoke-command.js'
export type { InvokerTopicOptions } from './protocol/invoker-topics.js'

// Execute commands
export { executeCommand$ } from './execute-command.js'
export type { CommandHandler, ExecuteOptions, ExecutorTypes, ReceivedCommand } from './execute-command.js'

// Send and receive telemetry
export { telemetry } from './telemetry.js'
export type { Telemetry } from './telemetry.js'
export { sendTelemetry$ } from './send-telemetry.js'
export type { SendOptions, TelemetryToSend } from './send-telemetry.js'
export { receiveTelemetry$ } from './receive-telemetry.js'
export type { IgnoredTelemetry, ReceivedTelemetry, ReceiveOptions } from './receive-telemetry.js'
export type { TelemetryReading } from './protocol/read-telemetry.js'
export type { CloudEvent, CloudEventToSend } from './cloud-event.js'

// Send and serve commands with core
export { commandEndpoint } from './command-endpoint.js'
export type { CommandTopics } from './command-endpoint.js'
export { mrpcLink } from './protocol/mrpc-link.js'

// Handle errors
export { OperationsError } from './operations-error.js'
export type { OperationsErrorDetails, OperationsErrorKind } from './operations-error.js'
