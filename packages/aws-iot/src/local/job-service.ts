import { isJsonObject } from '@antiphon/core/codec'
import type { SchedulerLike, Subscription } from 'rxjs'
import type { JobExecution, JobSummary, StatusDetails } from '../jobs/executions.js'
import type { JsonObject } from '../shadow/documents.js'
import { Rejected } from './rejected.js'

/** A job to be executed by a thing. */
export interface LocalJob {
  readonly jobId: string
  /** What to do, as JSON. */
  readonly document: unknown
}

type StoredExecution = JobExecution & { readonly versionNumber: number }

/** The most job executions in a notification. */
const MAX_LISTED = 15

/** The longest step timeout in minutes, seven days. */
const MAX_STEP_TIMEOUT = 10_080

/** What a device may set. */
const STATUSES = new Set<unknown>(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'])

/** The job executions of one thing. They follow the rules that AWS has published for them. */
export class ThingJobs {
  readonly #executions = new Map<string, StoredExecution>()
  readonly #stepTimers = new Map<string, Subscription>()
  readonly #thing: string
  readonly #scheduler: SchedulerLike
  readonly #notify: (kind: string, document: object) => void

  constructor(thing: string, notify: (kind: string, document: object) => void, scheduler: SchedulerLike) {
    this.#thing = thing
    this.#notify = notify
    this.#scheduler = scheduler
  }

  /** Queues the execution of a job. */
  create({ jobId, document }: LocalJob): void {
    const now = this.#now()
    const times = { queuedAt: now, lastUpdatedAt: now }
    const numbers = { versionNumber: 1, executionNumber: 1 }
    this.#store({
      jobId,
      thingName: this.#thing,
      jobDocument: document,
      status: 'QUEUED',
      ...times,
      ...numbers,
    })
  }

  /** Cancels a job execution, unless it has ended. */
  cancel(jobId: string): void {
    const execution = this.#executions.get(jobId)
    if (execution !== undefined && isPending(execution)) this.#change(execution, { status: 'CANCELED' })
  }

  /** Returns a job execution. */
  get(jobId: string): JobExecution | undefined {
    return this.#executions.get(jobId)
  }

  /** Answers a request for the pending job executions. */
  pending(): object {
    const { IN_PROGRESS: inProgressJobs = [], QUEUED: queuedJobs = [] } = this.#lists()
    return { inProgressJobs, queuedJobs }
  }

  /** Answers a request to start the next job execution. */
  startNext(request: JsonObject): object {
    const next = this.#pending()[0]
    const details = detailsOf(request)
    requireStepTimeout(request)
    if (next === undefined) return {}
    if (next.status === 'IN_PROGRESS') return { execution: next }
    return {
      execution: this.#change(next, { status: 'IN_PROGRESS', ...details, startedAt: this.#now() }, request),
    }
  }

  /** Answers a request for a job execution. */
  describe(jobId: string, { includeJobDocument, executionNumber }: JsonObject): object {
    const execution = jobId === '$next' ? this.#pending()[0] : this.#require(jobId, executionNumber)
    if (execution === undefined) return {}
    if (!isPending(execution))
      throw new Rejected('TerminalStateReached', `Job execution ${jobId} has reached a terminal state`)
    const { jobDocument, ...state } = execution
    return { execution: includeJobDocument === false ? state : { ...state, jobDocument } }
  }

  /** Answers an update of a job execution. */
  update(jobId: string, request: JsonObject): object {
    const { status, expectedVersion, executionNumber } = request
    const execution = this.#require(jobId, executionNumber)
    const { jobDocument, statusDetails, versionNumber } = execution
    const state = { executionState: { status: execution.status, statusDetails, versionNumber } }
    if (!STATUSES.has(status)) throw new Rejected('InvalidRequest', `Invalid status: ${String(status)}`)
    const details = detailsOf(request)
    requireStepTimeout(request)
    if (expectedVersion !== undefined && Number(expectedVersion) !== versionNumber)
      throw new Rejected('VersionMismatch', `The version of the job execution is ${versionNumber}`, state)
    if (!isPending(execution))
      throw new Rejected(
        'InvalidStateTransition',
        `A job execution in state ${execution.status} has ended`,
        state,
      )
    const changed = this.#change(
      execution,
      { status: status as JobExecution['status'], startedAt: execution.startedAt ?? this.#now(), ...details },
      request,
    )
    return {
      ...(request['includeJobExecutionState'] === true && {
        executionState: {
          status: changed.status,
          statusDetails: changed.statusDetails,
          versionNumber: changed.versionNumber,
        },
      }),
      ...(request['includeJobDocument'] === true && { jobDocument }),
    }
  }

  #require(jobId: string, executionNumber?: unknown): StoredExecution {
    const execution = this.#executions.get(jobId)
    if (execution === undefined || (executionNumber !== undefined && executionNumber !== 1))
      throw new Rejected('ResourceNotFound', `There is no job execution ${jobId} of ${this.#thing}`)
    return execution
  }

  #change(
    execution: StoredExecution,
    change: Partial<JobExecution>,
    { stepTimeoutInMinutes: minutes }: JsonObject = {},
  ): StoredExecution {
    const versionNumber = execution.versionNumber + 1
    const changed = { ...execution, ...change, versionNumber, lastUpdatedAt: this.#now() }
    if (!isPending(changed) || minutes !== undefined) this.#stepTimers.get(execution.jobId)?.unsubscribe()
    if (typeof minutes === 'number' && isPending(changed)) this.#startTimer(execution.jobId, minutes)
    this.#store(changed)
    return changed
  }

  #startTimer(jobId: string, minutes: number): void {
    const timer = this.#scheduler.schedule(() => {
      this.#change(this.#require(jobId), { status: 'TIMED_OUT' })
    }, minutes * 60_000)
    this.#stepTimers.set(jobId, timer)
  }

  /** Stores an execution, and notifies of the changed list and of the next job if it is another one. */
  #store(execution: StoredExecution): void {
    const before = this.#pending()[0]?.jobId
    this.#executions.set(execution.jobId, execution)
    const next = this.#pending()[0]
    this.#notify('notify', { jobs: this.#lists(MAX_LISTED), timestamp: this.#now() })
    if (next?.jobId !== before)
      this.#notify('notify-next', { ...(next && { execution: next }), timestamp: this.#now() })
  }

  /** Returns the pending executions, those in progress first. */
  #pending(): readonly StoredExecution[] {
    const executions = [...this.#executions.values()]
    return ['IN_PROGRESS', 'QUEUED'].flatMap((status) =>
      executions.filter((execution) => execution.status === status),
    )
  }

  #lists(limit = Infinity): Readonly<Record<string, readonly JobSummary[]>> {
    const lists: Record<string, JobSummary[]> = {}
    for (const {
      jobDocument: _,
      thingName: __,
      statusDetails: ___,
      status,
      ...summary
    } of this.#pending().slice(0, limit))
      (lists[status] ??= []).push(summary)
    return lists
  }

  #now(): number {
    return Math.floor(this.#scheduler.now() / 1_000)
  }
}

function isPending({ status }: JobExecution): boolean {
  return status === 'QUEUED' || status === 'IN_PROGRESS'
}

function detailsOf({ statusDetails }: JsonObject): { readonly statusDetails?: StatusDetails } {
  if (statusDetails === undefined) return {}
  if (
    !isJsonObject(statusDetails) ||
    !Object.values(statusDetails).every((value) => typeof value === 'string')
  )
    throw new Rejected('InvalidRequest', 'Invalid statusDetails: they must be texts by name')
  return { statusDetails: statusDetails as StatusDetails }
}

function requireStepTimeout({ stepTimeoutInMinutes: minutes }: JsonObject): void {
  if (minutes === undefined) return
  if (!Number.isSafeInteger(minutes) || Number(minutes) < 1 || Number(minutes) > MAX_STEP_TIMEOUT)
    throw new Rejected(
      'InvalidRequest',
      `Invalid stepTimeoutInMinutes: it must be from 1 to ${MAX_STEP_TIMEOUT}`,
    )
}
