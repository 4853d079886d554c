import type { EndpointTypes } from '../endpoint-types.js'
import type { LinkedQueue } from '../linked-queue.js'
import type { OutcomeDetails } from '../observe/serve-record.js'
import type { Failure } from '../protocol/status.js'
import { reportThrown } from '../stream/report-thrown.js'
import type { Deadline } from '../time/deadlines.js'
import type { Handler } from './handler.js'
import type { KeyedNode } from './keyed-queue.js'
import { contextOf, withAccessors, type ReceivedRequest } from './received-request.js'
import type { ControlledRun } from './controlled-run.js'
import type { RequestContext } from './request-context.js'
import type { SettlementListener } from './response-sender.js'

/** What the runs of one `serve` have in common. */
export interface HandlerRunOptions<T extends EndpointTypes> {
  readonly handler: Handler<T>
  /** Milliseconds a handler may run. */
  readonly handlerTimeout: number
  /** Called once per run, when its request is settled. */
  readonly onEnd: (run: HandlerRun<T>, outcome: OutcomeDetails) => void
}

/** The run of a handler for one request: first it may wait in a queue, then it starts, then it ends. */
export abstract class HandlerRun<T extends EndpointTypes>
  implements KeyedNode<HandlerRun<T>>, ControlledRun, SettlementListener
{
  readonly request: ReceivedRequest<T>
  readonly context: RequestContext
  /** Requests with equal keys are handled one at a time. */
  readonly key: unknown
  /** The elapsed time at which the handler started; `undefined` while the request waits. */
  startedAt: number | undefined = undefined
  /** The elapsed time at which the handler ended or was stopped; its response may not have been acknowledged yet. */
  handledAt: number | undefined = undefined
  queue: LinkedQueue<HandlerRun<T>> | undefined = undefined
  prevNode: HandlerRun<T> | undefined = undefined
  nextNode: HandlerRun<T> | undefined = undefined
  protected readonly options: HandlerRunOptions<T>
  /** Ends the run if the request expires while it waits. */
  #waitDeadline: Deadline | undefined
  #hasEnded = false

  constructor(options: HandlerRunOptions<T>, request: ReceivedRequest<T>, key: unknown) {
    this.options = options
    this.context = contextOf(request)
    this.request = withAccessors(request)
    this.key = key
  }

  /** Calls the handler, unless the request has expired. */
  start(): void {
    this.#waitDeadline?.cancel()
    this.startedAt = this.context.responder.now()
    if (this.context.expiresAt <= this.startedAt) return this.expire()
    this.context.responder.events.responder?.started(this.context)
    this.run()
  }

  /** Ends the run if its request expires before it starts. */
  expireWhileWaiting(): void {
    const { timeLeft, responder } = this.context
    if (timeLeft < Infinity) this.#waitDeadline = responder.deadlines.add(timeLeft, () => this.expire())
  }

  /** Stops the handler without a response. What its teardown throws is reported as RxJS reports unhandled errors. */
  stop(): void {
    this.#waitDeadline?.cancel()
    if (this.startedAt !== undefined) this.handledAt ??= this.context.responder.now()
    reportThrown(() => this.stopHandler())
  }

  /** Stops the handler and answers with a failure. */
  abstract failWith(failure: Failure, outcome: OutcomeDetails): void

  /** The elapsed time at which `handlerTimeout` is over. */
  get dueAt(): number {
    return (this.startedAt ?? Infinity) + this.options.handlerTimeout
  }

  cancel(): void {
    this.context.abort('cancelled')
    this.stop()
    this.end({ outcome: 'cancelled' })
  }

  raiseCredit(_total: number): void {
    // A single response needs none.
  }

  end(outcome: OutcomeDetails): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.options.onEnd(this, outcome)
  }

  protected abstract run(): void

  protected abstract stopHandler(): void

  protected expire(): void {
    this.context.abort('expired')
    this.stop()
    this.context.endWithoutResponse()
    this.end({ outcome: 'expired' })
  }
}
