import { exchange$, type Link } from '@antiphon/core'
import { defer, map, type Observable } from 'rxjs'
import { notifications$, type NotificationOptions } from '../service/notifications.js'
import type { CallOptions } from '../service/operation.js'
import { jobEndpoints } from './endpoints.js'
import {
  jobListCodec,
  nextJobCodec,
  type JobExecution,
  type JobList,
  type JobQuery,
  type JobStart,
  type JobUpdate,
  type PendingJobs,
  type UpdatedJob,
} from './executions.js'

/** Options of a request about the jobs of a thing. */
export interface JobOptions extends CallOptions {
  /** The name of the thing. */
  readonly thing: string
}

/** Options of a stream of notifications about the jobs of a thing. */
export interface JobNotificationOptions extends NotificationOptions {
  /** The name of the thing. */
  readonly thing: string
}

/** Requests the job executions that have not ended, when it is subscribed to. */
export function pendingJobs$(link: Link, { thing, ...options }: JobOptions): Observable<PendingJobs> {
  return defer(() => exchange$(link, jobEndpoints.pending, { params: { thing }, value: {} }, options))
}

/**
 * Starts the next job execution when it is subscribed to. One that is in progress comes first and is not changed.
 *
 * - *next*: the job execution, or `undefined` if none is pending.
 */
export function startNextJob$(
  link: Link,
  start: JobStart,
  { thing, ...options }: JobOptions,
): Observable<JobExecution | undefined> {
  return defer(() =>
    exchange$(link, jobEndpoints.startNext, { params: { thing }, value: start }, options),
  ).pipe(map(({ execution }) => execution))
}

/**
 * Requests a job execution when it is subscribed to.
 *
 * - *next*: the job execution, or `undefined` if the job is `$next` and none is pending.
 * - *error*: `status` with `status.code` 404 without such a job, 410 if its execution has ended; `timeout`.
 */
export function describeJob$(
  link: Link,
  job: string,
  { thing, ...options }: JobOptions,
  query: JobQuery = {},
): Observable<JobExecution | undefined> {
  return defer(() =>
    exchange$(link, jobEndpoints.describe, { params: { thing, job }, value: query }, options),
  ).pipe(map(({ execution }) => execution))
}

/**
 * Updates a job execution when it is subscribed to.
 *
 * - *error*: `status` with `status.code` 409 if `expectedVersion` is not that of the execution, or if it has ended; the name of
 *   the error is in `status.applicationCode`, and the state of the execution as JSON in `status.applicationPayload`. `timeout`,
 *   after which the update may have been made.
 *
 * @example
 * ```ts
 * updateJob$(link, 'update-firmware', { status: 'SUCCEEDED', expectedVersion: 2 }, { thing: 'lamp' }).subscribe()
 * ```
 */
export function updateJob$(
  link: Link,
  job: string,
  update: JobUpdate,
  { thing, ...options }: JobOptions,
): Observable<UpdatedJob> {
  return defer(() => exchange$(link, jobEndpoints.update, { params: { thing, job }, value: update }, options))
}

/** Emits the list of pending job executions after each change of it. */
export function jobs$(link: Link, options: JobNotificationOptions): Observable<JobList['jobs']> {
  return defer(() => notifications$(link, topicOf(options, 'notify'), jobListCodec, options)).pipe(
    map(({ jobs }) => jobs),
  )
}

/** Emits the next job execution whenever it is another one, and `undefined` when none is pending any more. */
export function nextJob$(link: Link, options: JobNotificationOptions): Observable<JobExecution | undefined> {
  return defer(() => notifications$(link, topicOf(options, 'notify-next'), nextJobCodec, options)).pipe(
    map(({ execution }) => execution),
  )
}

function topicOf({ thing }: JobNotificationOptions, kind: string): string {
  return jobEndpoints.pending.topic.format({ thing }).replace(/get$/, kind)
}
