/**
 * AWS IoT Core over MQTT, as RxJS streams: device shadows, jobs and commands.
 *
 * @packageDocumentation
 */

export {
  deleteShadow,
  deleteShadow$,
  delta$,
  desired$,
  documents$,
  getShadow,
  getShadow$,
  updateShadow,
  updateShadow$,
} from './shadow/shadow.js'
export type { ShadowName, ShadowNotificationOptions, ShadowOptions } from './shadow/shadow.js'
export { classicShadow, namedShadow } from './shadow/endpoints.js'
export type { ShadowEndpoints } from './shadow/endpoints.js'
export type {
  JsonObject,
  RemovedShadow,
  ShadowChange,
  ShadowDelta,
  ShadowDocument,
  ShadowState,
  ShadowUpdate,
  ShadowUpdateRequest,
} from './shadow/documents.js'
export { describeJob$, jobs$, nextJob$, pendingJobs$, startNextJob$, updateJob$ } from './jobs/jobs.js'
export type { JobNotificationOptions, JobOptions } from './jobs/jobs.js'
export { jobEndpoints } from './jobs/endpoints.js'
export type { JobEndpoints } from './jobs/endpoints.js'
export type {
  JobExecution,
  JobList,
  JobQuery,
  JobStart,
  JobStatus,
  JobSummary,
  JobUpdate,
  NextJob,
  PendingJobs,
  StatusDetails,
  UpdatedJob,
} from './jobs/executions.js'
export { commandRejections$, serveCommands$, updateCommand$ } from './commands/commands.js'
export type { CommandDevice, CommandHandler, CommandResult, ReceivedCommand } from './commands/commands.js'
export { commandEndpoint, commandUpdates } from './commands/endpoints.js'
export type { CommandTypes, CommandUpdateTypes } from './commands/endpoints.js'
export type {
  CommandRejection,
  CommandUpdate,
  ResultValue,
  StatusReason,
  UpdatedCommand,
} from './commands/executions.js'
export { endpointOfTopic } from './endpoint-of-topic.js'
export type { NotificationOptions } from './service/notifications.js'
export type { CallOptions, OperationTypes } from './service/operation.js'
export type { Rejection } from './service/rejection.js'
export type { ServiceRequest } from './service/request.js'
