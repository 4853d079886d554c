import { describeReason, Reason } from '@antiphon/packet'
import { AntiphonError, type ErrorCode } from '../errors.js'

/** Returns the error of what the broker refused in an acknowledgement. */
function refused<C extends ErrorCode>(
  code: C,
  action: string,
  topic: string,
  reasonCode: number,
): AntiphonError<C> {
  const hint = reasonCode === Reason.notAuthorized ? "; check the broker's access rules" : ''
  const message = `cannot ${action} ${topic}: refused by the broker: ${describeReason(reasonCode)}${hint}`
  return new AntiphonError(code, message, { topic, reasonCode, phase: 'after-network' })
}

/** Returns the error of a subscription that the broker refused in SUBACK. */
export function subscribeRefused(filter: string, reasonCode: number): AntiphonError<'subscribe-refused'> {
  return refused('subscribe-refused', 'subscribe to', filter, reasonCode)
}

/** Returns the error of a subscription that the broker refused to end in UNSUBACK. */
export function unsubscribeRefused(filter: string, reasonCode: number): AntiphonError<'unsubscribe-refused'> {
  return refused('unsubscribe-refused', 'unsubscribe from', filter, reasonCode)
}

/** Returns the error of a subscription that CONNACK rules out; no SUBSCRIBE is sent. */
export function subscribeUnsupported(filter: string, reasonCode: number): AntiphonError<'subscribe-refused'> {
  const message = `cannot subscribe to ${filter}: ${describeReason(reasonCode)}`
  return new AntiphonError('subscribe-refused', message, {
    topic: filter,
    reasonCode,
    phase: 'before-network',
  })
}

/** Returns the error of a message that the broker refused in PUBACK or PUBREC. */
export function publishRefused(topic: string, reasonCode: number): AntiphonError<'publish-refused'> {
  return refused('publish-refused', 'publish to', topic, reasonCode)
}

/** Returns the error of a message for which the broker closed `count` connections in a row. */
export function refusedByClosing(
  topic: string,
  count: number,
  reasonCode: number | undefined,
): AntiphonError<'publish-refused'> {
  const cause = `the broker closed ${count} connections in a row after it was sent; it is not sent again`
  return new AntiphonError('publish-refused', `cannot publish to ${topic}: ${cause}`, {
    topic,
    phase: 'after-network',
    ...(reasonCode !== undefined && { reasonCode }),
  })
}
