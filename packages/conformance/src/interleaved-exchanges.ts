import { AntiphonError, exchange$, requests$, serve, type Endpoint, type EndpointTypes } from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { isMatch } from '@antiphon/core/topic'
import { virtualBroker } from '@antiphon/testing'
import { isEqual, readable, virtualTime } from '@antiphon/testing/internal'
import { isRight } from 'fp-ts/lib/Either.js'
import { delay, of } from 'rxjs'

/** The parameters of any topic. */
export type Params = Readonly<Record<string, string>>

/** A generated request with the id for its correlation. */
export interface GeneratedRequest {
  readonly id: string
  readonly params: Params
  readonly value: unknown
}

/** A generated request, its response, and the milliseconds that its handler takes. */
export interface InterleavedExchange {
  readonly request: GeneratedRequest
  readonly response: unknown
  readonly handlingTime: number
}

/** A response or error as text, with its time in milliseconds. */
interface Outcome {
  readonly at: number
  readonly text: string
}

/**
 * Sends one request per millisecond over a virtual link and responds to each after its `handlingTime`. Returns a
 * description of every exchange that did not emit exactly its own response.
 */
export function findMismatches(
  endpoint: Endpoint,
  exchanges: readonly InterleavedExchange[],
): readonly string[] {
  const { scheduler, runTo } = virtualTime()
  const broker = virtualBroker({ scheduler })
  const sent: Outcome[] = []
  const outcomes: Outcome[][] = exchanges.map(() => [])
  const dueAt = responseTimes(endpoint, exchanges)
  let receivedCount = 0

  broker.published$.subscribe(({ message, clientId }) => {
    if (clientId !== 'responder' || isMatch(endpoint.topic.filter({}), message.topic)) return
    const decoded = decodeWith(endpoint.response, message.payload, message.contentType)
    if (isRight(decoded)) sent.push({ at: scheduler.now(), text: readable(decoded.right) })
  })
  requests$(broker.link({ clientId: 'responder' }), endpoint)
    .pipe(
      serve<EndpointTypes>(() => {
        const number = receivedCount++
        const remaining = (dueAt[number] ?? 0) - scheduler.now()
        return of(exchanges[number]?.response).pipe(delay(remaining, scheduler))
      }),
    )
    .subscribe()
  const requester = broker.link({ clientId: 'requester' })
  requester.state$.subscribe()
  exchanges.forEach(({ request: { params, value } }, index) => {
    const record = (text: string): void => void outcomes[index]?.push({ at: scheduler.now(), text })
    const argument = endpoint.topic.parameters.length === 0 ? value : { params, value }
    scheduler.schedule(
      () =>
        exchange$(requester, endpoint, argument, { timeout: 1_000 }).subscribe({
          next: (response) => record(readable(response)),
          error: (error: unknown) => record(AntiphonError.from(error).rawMessage),
        }),
      START + index,
    )
  })
  runTo(5_000)

  return outcomes.flatMap((actual, index) => {
    const at = dueAt[index] ?? 0
    const expected = sent.filter((outcome) => outcome.at === at)
    if (actual.length === 1 && expected.some((outcome) => isEqual(outcome, actual[0]))) return []
    const description =
      actual.map((outcome) => `${outcome.text} at ${outcome.at} ms`).join(', then ') || 'no response'
    return [`request ${index} expected its response at ${at} ms, but got ${description}`]
  })
}

/** The time of the first request, when both sides are connected. */
const START = 10

/** Returns the response time of each request, in request order if the correlation is ordered. */
function responseTimes(
  { correlation }: Endpoint,
  exchanges: readonly InterleavedExchange[],
): readonly number[] {
  let latest = 0
  return exchanges.map(({ handlingTime }, index) => {
    const unordered = START + index + handlingTime
    latest = correlation.isOrdered ? Math.max(latest + 1, unordered) : unordered
    return latest
  })
}
