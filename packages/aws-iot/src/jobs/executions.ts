import type { Codec } from '@antiphon/core'
import { isJsonObject, objectCodec } from '@antiphon/core/codec'
import { isAbsentOr, isText } from '../service/guards.js'
import type { ServiceRequest } from '../service/request.js'

/** The states of a job execution that a device sets. */
export type JobStatus = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'REJECTED'

/** Details of a status, by name. */
export type StatusDetails = Readonly<Record<string, string>>

/** A job execution without its document. Times are in seconds since 1970. */
export interface JobSummary {
  readonly jobId: string
  readonly queuedAt?: number
  readonly startedAt?: number
  readonly lastUpdatedAt?: number
  /** Incremented by each update. */
  readonly versionNumber?: number
  readonly executionNumber?: number
}

/** The execution of a job by a thing. */
export interface JobExecution extends JobSummary {
  readonly thingName?: string
  /** What to do; absent if it was not requested. */
  readonly jobDocument?: unknown
  readonly status: JobStatus | 'QUEUED' | 'TIMED_OUT' | 'CANCELED' | 'REMOVED'
  readonly statusDetails?: StatusDetails
}

/** The job executions of a thing that have not ended. */
export interface PendingJobs {
  readonly inProgressJobs: readonly JobSummary[]
  readonly queuedJobs: readonly JobSummary[]
}

/** A response, or a notification, with at most one job execution. */
export interface NextJob {
  /** Absent if no job execution is pending. */
  readonly execution?: JobExecution
}

/** The changed list of pending job executions by status, each absent without one. */
export interface JobList {
  readonly jobs: { readonly IN_PROGRESS?: readonly JobSummary[]; readonly QUEUED?: readonly JobSummary[] }
}

/** How the next job execution is started. */
export interface JobStart {
  readonly statusDetails?: StatusDetails
  /** Minutes after which the service ends the execution as `TIMED_OUT`, unless it is updated. @defaultValue no limit */
  readonly stepTimeoutInMinutes?: number
}

/** The update of a job execution. */
export interface JobUpdate extends JobStart {
  readonly status: JobStatus
  /** The expected version. If the execution has another one, the update fails with the status 409. @defaultValue any */
  readonly expectedVersion?: number
  readonly executionNumber?: number
  /** Include the state in the response. @defaultValue false */
  readonly includeJobExecutionState?: boolean
  /** Include the document in the response. @defaultValue false */
  readonly includeJobDocument?: boolean
}

/** Which execution of a job is requested, and how much of it. */
export interface JobQuery {
  /** The number of the execution of the job on the thing. @defaultValue the latest execution */
  readonly executionNumber?: number
  /** Whether the response contains the job document. @defaultValue true */
  readonly includeJobDocument?: boolean
}

/** An accepted update. */
export interface UpdatedJob {
  readonly executionState?: Pick<JobExecution, 'status' | 'statusDetails' | 'versionNumber'>
  readonly jobDocument?: unknown
}

/** The codec of updates. */
export const jobUpdateCodec: Codec<JobUpdate & ServiceRequest> = objectCodec(
  'an update with clientToken and status',
  (frame): frame is Record<string, unknown> & JobUpdate & ServiceRequest =>
    isText(frame['clientToken']) && isText(frame['status']),
)

/** The codec of pending job executions. */
export const pendingJobsCodec: Codec<PendingJobs> = objectCodec(
  'lists inProgressJobs and queuedJobs of job executions',
  (frame): frame is Record<string, unknown> & PendingJobs =>
    isList(frame['inProgressJobs']) && isList(frame['queuedJobs']),
)

/** The codec of responses and notifications with at most one job execution. */
export const nextJobCodec: Codec<NextJob> = objectCodec(
  'a job execution with jobId and status, or none',
  (frame): frame is Record<string, unknown> & NextJob =>
    isAbsentOr(frame['execution'], (execution) => isSummary(execution) && isText(execution['status'])),
)

/** The codec of changed lists. */
export const jobListCodec: Codec<JobList> = objectCodec(
  'lists of job executions by status',
  (frame): frame is Record<string, unknown> & JobList =>
    isJsonObject(frame['jobs']) && Object.values(frame['jobs']).every(isList),
)

/** The codec of accepted updates. */
export const updatedJobCodec: Codec<UpdatedJob> = objectCodec(
  'an executionState with status, or none',
  (frame): frame is Record<string, unknown> & UpdatedJob =>
    isAbsentOr(frame['executionState'], (state) => isJsonObject(state) && isText(state['status'])),
)

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isSummary)
}

function isSummary(value: unknown): value is Record<string, unknown> {
  return isJsonObject(value) && isText(value['jobId'])
}
