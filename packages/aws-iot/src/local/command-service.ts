import { isJsonObject } from '@antiphon/core/codec'
import { concat, of, Subject, type Observable, type SchedulerLike } from 'rxjs'
import type { CommandUpdate, StatusReason } from '../commands/executions.js'
import type { JsonObject } from '../shadow/documents.js'
import { Rejected } from './rejected.js'

/** A command execution, as AWS sees it. */
export interface LocalExecution extends Omit<CommandUpdate, 'status'> {
  readonly executionId: string
  readonly status: CommandUpdate['status'] | 'CREATED'
}

interface StoredExecution {
  readonly changes$: Subject<LocalExecution>
  /** Whether the device has ended it; a timeout of the service does not. */
  readonly hasEnded: boolean
}

const STATUSES = new Set<unknown>(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT'])

/** The command executions of a local service. They follow the rules that AWS has published for them. */
export class CommandService {
  readonly #executions = new Map<string, StoredExecution>()
  readonly #scheduler: SchedulerLike

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler
  }

  /** Starts an execution that times out after so many seconds. Its key is the beginning of its topics. */
  start(key: string, executionId: string, seconds: number): Observable<LocalExecution> {
    const changes$ = new Subject<LocalExecution>()
    this.#executions.set(key, { changes$, hasEnded: false })
    const timer = this.#scheduler.schedule(() => {
      const statusReason = { reasonCode: '$NO_RESPONSE_FROM_DEVICE' }
      changes$.next({ executionId, status: 'TIMED_OUT', statusReason })
    }, seconds * 1_000)
    changes$.subscribe({
      next: ({ status }) => {
        if (status !== 'IN_PROGRESS') timer.unsubscribe()
      },
    })
    return concat(of({ executionId, status: 'CREATED' as const }), changes$)
  }

  /** Answers the update of an execution by its device. */
  update(key: string, executionId: string, { status, statusReason, result }: JsonObject): object {
    const execution = this.#executions.get(key)
    const fields = { executionId }
    if (execution === undefined)
      throw new Rejected('ResourceNotFound', `There is no command execution ${executionId}`, fields)
    if (!STATUSES.has(status))
      throw new Rejected('InvalidRequest', `Invalid status: ${String(status)}`, fields)
    if (!isReason(statusReason)) throw new Rejected('InvalidRequest', 'Invalid statusReason', fields)
    if (!isResult(result)) throw new Rejected('InvalidRequest', 'Invalid result', fields)
    if (execution.hasEnded)
      throw new Rejected('InvalidStateTransition', `The command execution ${executionId} has ended`, fields)
    const hasEnded = status !== 'IN_PROGRESS'
    this.#executions.set(key, { ...execution, hasEnded })
    execution.changes$.next({
      executionId,
      status: status as CommandUpdate['status'],
      ...(statusReason !== undefined && { statusReason }),
      ...(result !== undefined && { result }),
    })
    if (hasEnded) execution.changes$.complete()
    return fields
  }
}

function isReason(value: unknown): value is StatusReason | undefined {
  if (value === undefined) return true
  if (!isJsonObject(value)) return false
  const { reasonCode, reasonDescription = '' } = value
  const isDescription = typeof reasonDescription === 'string' && reasonDescription.length <= 1_024
  return typeof reasonCode === 'string' && /^[\dA-Z_-]{1,64}$/.test(reasonCode) && isDescription
}

function isResult(value: unknown): value is NonNullable<CommandUpdate['result']> | undefined {
  return value === undefined || (isJsonObject(value) && Object.values(value).every(isJsonObject))
}
