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

// Handle errors
export { OperationsError } from './operations-error.js'
export type { OperationsErrorDetails, OperationsErrorKind } from './operations-error.js'
