import { AntiphonError, exchange$, requests$, serve, type Endpoint, type EndpointTypes } from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { isMatch } from '@antiphon/core/topic'
import { virtualBroker } from '@antiphon/testing'
import { isEqual, readable, virtualTime } from '@antiphon/testing/internal'
import { isRight } from 'fp-ts/lib/Either.js'
import { delay, of } from 'rxjs'

/** The parameters of a topic, whatever they are called. */
export type Params = Readonly<Record<string, string>>

/** A question, and an id such as its correlation may get. */
export interface Drawn {
  readonly id: string
  readonly params: Params
  readonly value: unknown
}

/** A question, its answer, and how many milliseconds that takes. */
export interface Interleaved {
  readonly question: Drawn
  readonly answer: unknown
  readonly takes: number
}

/** What became of a question, and when. */
interface Outcome {
  readonly at: number
  readonly what: string
}

/**
 * Asks these questions over a virtual link, one a millisecond, and answers each in its time; says of each that did not
 * get the answer to it alone what it got instead.
 */
export function answersOf(endpoint: Endpoint, questions: readonly Interleaved[]): readonly string[] {
  const { scheduler, runTo } = virtualTime()
  const broker = virtualBroker({ scheduler })
  const sent: { readonly at: number; readonly what: string }[] = []
  const outcomes: Outcome[][] = questions.map(() => [])
  const dueAt = schedule(endpoint, questions)
  let asked = 0

  broker.published$.subscribe(({ message, clientId }) => {
    if (clientId !== 'responder' || isMatch(endpoint.topic.filter({}), message.topic)) return
    const decoded = decodeWith(endpoint.response, message.payload, message.contentType)
    if (isRight(decoded)) sent.push({ at: scheduler.now(), what: readable(decoded.right) })
  })
  requests$(broker.link({ clientId: 'responder' }), endpoint)
    .pipe(
      serve<EndpointTypes>(() => {
        const number = asked++
        const takes = (dueAt[number] ?? 0) - scheduler.now()
        return of(questions[number]?.answer).pipe(delay(takes, scheduler))
      }),
    )
    .subscribe()
  const caller = broker.link({ clientId: 'caller' })
  caller.state$.subscribe()
  questions.forEach(({ question: { params, value } }, index) => {
    const record = (what: string): void => void outcomes[index]?.push({ at: scheduler.now(), what })
    const asks = endpoint.topic.parameters.length === 0 ? value : { params, value }
    scheduler.schedule(
      () =>
        exchange$(caller, endpoint, asks, { timeout: 1_000 }).subscribe({
          next: (answer) => record(readable(answer)),
          error: (error: unknown) => record(AntiphonError.from(error).message),
        }),
      START + index,
    )
  })
  runTo(5_000)

  return outcomes.flatMap((got, index) => {
    const at = dueAt[index] ?? 0
    const wanted = sent.filter((one) => one.at === at)
    if (got.length === 1 && wanted.some((one) => isEqual(one, got[0]))) return []
    const seen = got.map((one) => `${one.what} at ${one.at}ms`).join(', then ') || 'nothing'
    return [`question ${index}, to be answered at ${at}ms: ${seen}`]
  })
}

/** When the first question is asked; by then both sides are connected. */
const START = 10

/** When each question is to be answered; never before an earlier one where that is how answers are told apart. */
function schedule({ correlation }: Endpoint, questions: readonly Interleaved[]): readonly number[] {
  let latest = 0
  return questions.map(({ takes }, index) => {
    const wanted = START + index + takes
    latest = correlation.isInOrder ? Math.max(latest + 1, wanted) : wanted
    return latest
  })
}
