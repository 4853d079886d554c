import type { MessageProperties } from '@antiphon/core'
import { ExpectationError } from '../compare/expectation.js'
import type { VirtualBroker } from '../virtual/broker.js'

/** The least reason code of a failure; No matching subscribers is a success without a responder. */
const noMatchingSubscribers = 0x10

/**
 * Follows the requests that reach a responder until they are answered or cancelled; returns a function that adds the
 * others to a failed expectation, because a handler that returns a promise answers after the test.
 */
export function explainOpenRequests(broker: VirtualBroker): (error: unknown) => unknown {
  const open = new Map<string, string>()
  broker.published$.subscribe(({ message, reasonCode }) => {
    const { topic, responseTopic } = message
    const properties = new Map(message.userProperties)
    const isCancel = properties.get('__stat') === '499'
    // A requester that gives up, as on a timeout, cancels with the reason: the request still had no response.
    if (isCancel && properties.has('__stMsg')) return
    open.delete(keyOf(topic, message))
    if (responseTopic === undefined) return
    if (isCancel || reasonCode >= noMatchingSubscribers) open.delete(keyOf(responseTopic, message))
    else open.set(keyOf(responseTopic, message), topic)
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
