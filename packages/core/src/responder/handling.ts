import { defer, Subscription, take } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import { exchangesOf } from '../exchange/exchanges.js'
import { Status } from '../status.js'
import { outOfTime, toFailure } from './failures.js'
import type { HandlingParts } from './handler.js'
import { endingOf, type Ending } from './outcome.js'
import type { ReplyDone } from './served.js'
import { stream } from './streaming.js'
import { inHandOf } from './served-request.js'

/** Runs the handler for one request within its time and answers with what it gives; unsubscribing abandons the request. */
export function handle<T extends EndpointTypes>(parts: HandlingParts<T>): Subscription {
  const { handler, request, timeLimit, ended } = parts
  const { served, link } = inHandOf(request)
  const run = new Subscription()
  const left = served.expiresAt - link.scheduler.now()
  const stop = (reply: (done: ReplyDone) => void, ending: Ending): void => {
    run.unsubscribe()
    reply((sent) => ended(endingOf(ending, sent)))
  }
  const fallSilent = (): void => {
    run.unsubscribe()
    served.silence()
    ended({ outcome: 'expired' })
  }
  if (left <= 0) {
    fallSilent()
    return run
  }
  if (served.replies === 'many') return stream(parts)
  served.onCancel = () => {
    run.unsubscribe()
    ended({ outcome: 'cancelled' })
  }
  run.add(
    defer(() => handler(request))
      .pipe(take(1))
      .subscribe({
        next: (answer) =>
          stop((done) => served.answer(answer, done), { outcome: 'answered', status: Status.ok }),
        error: (error: unknown) => {
          const failure = toFailure(error)
          stop((done) => served.fail(failure, done), { outcome: 'failed', status: failure.code, error })
        },
        complete: () =>
          stop((done) => served.answerNothing(done), { outcome: 'answered', status: Status.noContent }),
      }),
  )
  const budget = Math.min(left, timeLimit)
  // Who answers at once needs no deadline.
  if (budget === Infinity || run.closed) return run
  const deadline = exchangesOf(link).deadlines.add(budget, () => {
    const failure = outOfTime(timeLimit)
    if (left <= timeLimit) fallSilent()
    else stop((done) => served.fail(failure, done), { outcome: 'timed-out', status: failure.code })
  })
  run.add(() => deadline.cancel())
  return run
}
