import { AntiphonError, type ErrorCode, type ErrorContext } from '../errors.js'
import type { Exchange } from './exchange.js'

/** Creates an error with the context of an exchange. */
export function exchangeError<C extends ErrorCode>(
  exchange: Exchange,
  code: C,
  message: string,
  context: ErrorContext = {},
): AntiphonError<C> {
  return new AntiphonError(code, message, { ...contextOf(exchange), ...context })
}

/** Returns an error with the context of an exchange. */
export function withExchange<C extends ErrorCode>(
  exchange: Exchange,
  error: AntiphonError<C>,
): AntiphonError<C> {
  return error.withContext(contextOf(exchange))
}

function contextOf({ attempts, request, requester }: Exchange): ErrorContext {
  return {
    endpoint: requester.endpoint.name,
    topic: request.topic,
    correlation: request.displayToken,
    phase: attempts > 0 ? 'after-network' : 'before-network',
  }
}
