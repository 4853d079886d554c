import { DecodedOnce } from '../codec/decoded-once.js'
import type { Message } from '../message.js'
import { controlKindOf, creditOf } from '../protocol/control-message.js'
import { resendResponses } from './duplicate-requests.js'
import { RequestContext } from './request-context.js'
import { requestKey } from './request-key.js'
import type { ResponderContext } from './responder-context.js'

/** Applies an exchange control message to the request that it is about, if this responder has it. */
export function receiveControl(responder: ResponderContext, message: Message): void {
  try {
    applyControl(responder, message)
  } catch {
    // The application's correlation may throw; the message is then about no request of this responder.
  }
}

function applyControl(responder: ResponderContext, message: Message): void {
  const { endpoint, cache, acceptance } = responder
  const correlation = endpoint.correlation.readRequest(new DecodedOnce(message, endpoint.request))
  const key = requestKey(message.responseTopic, correlation.token)
  const entry = key === undefined ? undefined : cache.find(key, responder.now())
  const kind = controlKindOf(message)
  if (entry === undefined || kind === undefined) return
  const { running } = entry
  if (kind === 'cancel') {
    running?.cancel()
    responder.reportIgnored(message, 'cancel', 'it cancels a request')
  } else if (kind === 'credit') running?.raiseCredit(creditOf(message) ?? 0)
  else if (kind === 'item') running?.receiveItem(message)
  else if (running !== undefined) acceptance.accept(running, true)
  else {
    const delivery = { message, acknowledge: () => undefined }
    resendResponses(
      responder,
      entry,
      new RequestContext(responder, delivery, correlation, message.responseTopic),
      delivery,
    )
  }
}
