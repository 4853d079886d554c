import { userProperty, type MessageProperties } from '@antiphon/core'
import { ExpectationError } from '../compare/expectation.js'
import type { VirtualBroker } from '../virtual/broker.js'

/** The least reason code of a failure; No matching subscribers is a success without a responder. */
const noMatchingSubscribers = 0x10

/**
 * Follows the requests that reach a responder until their responses; returns a function that adds those without a response
 * to a failed expectation, because a handler that returns a promise responds after the test.
 */
export function explainOpenRequests(broker: VirtualBroker): (error: unknown) => unknown {
  const open = new Map<string, string>()
  broker.published$.subscribe(({ message, reasonCode }) => {
    const { topic, responseTopic, userProperties } = message
    const isAcceptance = userProperty(userProperties, '__stat') === '202'
    if (!isAcceptance) open.delete(keyOf(topic, message))
    if (responseTopic === undefined) return
    const control = userProperty(userProperties, '__ctl')
    // A requester that gives up, as on a timeout, cancels with a reason: the request still had no response.
    if (control === 'cancel' && userProperty(userProperties, '__stMsg') !== undefined) return
    if (control === 'cancel' || reasonCode >= noMatchingSubscribers)
      open.delete(keyOf(responseTopic, message))
    else if (control !== 'credit' && control !== 'retry') open.set(keyOf(responseTopic, message), topic)
  })
  return (error) => {
    if (!(error instanceof ExpectationError) || open.size === 0) return error
    const { message, stack = '' } = error
    error.message = `${message}\n${hintFor([...open.values()])}`
    error.stack = stack.replace(message, () => error.message)
    return error
  }
}

function hintFor(topics: readonly string[]): string {
  const requests = topics.length === 1 ? '1 request' : `${topics.length} requests`
  return `${requests} to ${[...new Set(topics)].join(', ')} had no response when virtual time ended. If the handler returns a promise: virtual time does not wait for promises; return an Observable, such as of(…) or timer(…), instead.`
}

function keyOf(responseTopic: string, { correlationData }: MessageProperties): string {
  return `${responseTopic}\n${correlationData?.join() ?? ''}`
}
