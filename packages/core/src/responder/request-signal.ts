import { AntiphonError } from '../errors.js'

/** Why the signal of a request aborts. */
export type AbortCause = 'cancelled' | 'expired' | 'timeout' | 'stopped'

/** The controller of a signal that has been read, or why it will abort at once; `undefined` for neither. */
export type SignalState = AbortController | AbortCause | undefined

const TEXTS = {
  cancelled: ['cancelled', 'the requester cancelled the request'],
  expired: ['expired', 'the request has expired'],
  timeout: ['timeout', 'the handler exceeded handlerTimeout'],
  stopped: ['cancelled', 'the responder stopped before the handler had responded'],
} as const

/** Aborts a signal, or notes why it aborts when it is read. The first cause counts. */
export function abortSignal(state: SignalState, cause: AbortCause): SignalState {
  if (state === undefined) return cause
  if (typeof state !== 'string' && !state.signal.aborted) abort(state, cause)
  return state
}

/** Returns the controller of a signal that is read. */
export function toController(state: SignalState): AbortController {
  if (typeof state === 'object') return state
  const controller = new AbortController()
  if (state !== undefined) abort(controller, state)
  return controller
}

function abort(controller: AbortController, cause: AbortCause): void {
  const [code, text] = TEXTS[cause]
  controller.abort(new AntiphonError(code, text))
}
