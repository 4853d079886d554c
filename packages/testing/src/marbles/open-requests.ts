import type { MessageProperties } from '@antiphon/core'
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
    const { topic, responseTopic } = message
    open.delete(keyOf(topic, message))
    // Also a request that timed out, and so was cancelled, had no response.
    const isControlMessage = message.userProperties?.some(([name]) => name === '__stat' || name === '__grant')
    if (responseTopic === undefined || isControlMessage === true || reasonCode >= noMatchingSubscribers)
      return
    open.set(keyOf(responseTopic, message), topic)
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
