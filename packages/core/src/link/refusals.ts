import { AntiphonError } from '../errors.js'
import { describeReason } from './reason-codes.js'

/** The broker said no to a subscription. */
export function subscribeRefused(filter: string, reasonCode: number): AntiphonError<'subscribe-refused'> {
  const message = `the broker refused the subscription to ${filter}: ${describeReason(reasonCode)}`
  return new AntiphonError('subscribe-refused', message, {
    topic: filter,
    reasonCode,
    phase: 'after-network',
  })
}

/** The broker said at connect that it would say no to a subscription. */
export function subscribeUnsupported(filter: string, reasonCode: number): AntiphonError<'subscribe-refused'> {
  const message = `the broker would refuse the subscription to ${filter}: ${describeReason(reasonCode)}`
  return new AntiphonError('subscribe-refused', message, {
    topic: filter,
    reasonCode,
    phase: 'before-network',
  })
}

/** The broker said no to a message. */
export function publishRefused(topic: string, reasonCode: number): AntiphonError<'publish-refused'> {
  const message = `the broker refused the message to ${topic}: ${describeReason(reasonCode)}`
  return new AntiphonError('publish-refused', message, { topic, reasonCode, phase: 'after-network' })
}
