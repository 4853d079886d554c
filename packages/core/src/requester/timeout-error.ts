import type { AntiphonError, AwaitedStep } from '../errors.js'
import { exchangeError } from './exchange-error.js'
import type { Exchange } from './exchange.js'

const DESCRIPTIONS: Readonly<Record<AwaitedStep, string>> = {
  connection: 'not connected',
  subscription: 'response subscription not acknowledged',
  acknowledgement: 'no acknowledgement from the broker',
  response: 'no response',
}

/** Returns the step that an exchange is in. */
export function awaitedStep({ attempts, request, requester }: Exchange): AwaitedStep {
  if (attempts > 0) return request.reasonCode === undefined ? 'acknowledgement' : 'response'
  return requester.monitor.isOnline ? 'subscription' : 'connection'
}

/** Creates the error of a step that took too long. */
export function stepTimeoutError(
  exchange: Exchange,
  milliseconds: number,
  details?: string,
): AntiphonError<'timeout'> {
  return timeoutError(exchange, `${DESCRIPTIONS[awaitedStep(exchange)]} within ${milliseconds} ms`, details)
}

/** Creates the error of a request that was not sent because its response would have been too late. */
export function unsentError(exchange: Exchange, lateness: string): AntiphonError<'timeout'> {
  return timeoutError(exchange, `not sent, because ${lateness}`)
}

/** Creates the error of an elapsed timeout. The link or the broker may have reported its cause. */
export function timeoutError(exchange: Exchange, fault: string, details = ''): AntiphonError<'timeout'> {
  const { requester, request } = exchange
  const awaited = awaitedStep(exchange)
  const { endpoint, monitor } = requester
  const message = `${endpoint.name}: ${fault} (request ${request.displayToken})${details}`
  const offline = monitor.isOnline ? undefined : monitor.offlineError
  if (offline !== undefined) {
    const hint = `. Last attempt: ${offline.rawMessage}`
    return exchangeError(exchange, 'timeout', message + hint, { awaited, cause: offline })
  }
  const queueHint = requester.pendingRequests.queueHint(exchange)
  if (queueHint !== undefined) return exchangeError(exchange, 'timeout', message + queueHint, { awaited })
  const cause = request.noResponder
  if (cause === undefined) return exchangeError(exchange, 'timeout', message, { awaited })
  const hint = `. The broker reports no subscriber to ${request.topic}: is the responder running, and is the topic right?`
  return exchangeError(exchange, 'timeout', message + hint, { awaited, cause })
}

/** Creates the error of a stream that has not ended within its `totalTimeout`. */
export function totalTimeoutError(exchange: Exchange): AntiphonError<'timeout'> {
  const { totalTimeout } = exchange.requester.rules
  return timeoutError(exchange, `no end of the stream within ${totalTimeout} ms`)
}
