import { AntiphonError } from '../errors.js'
import { describeReason } from './reason-codes.js'

/** The broker said no to a subscription. */
export function subscribeRefused(filter: string, reasonCode: number): AntiphonError<'subscribe-refused'> {
  const reason = describeReason(reasonCode)
  return new AntiphonError(
    'subscribe-refused',
    `the broker refused the subscription to ${filter}: ${reason}`,
    {
      topic: filter,
      reasonCode,
      phase: 'after-network',
    },
  )
}

/** The broker said no to a message. */
export function publishRefused(topic: string, reasonCode: number): AntiphonError<'publish-refused'> {
  return new AntiphonError(
    'publish-refused',
    `the broker refused the message to ${topic}: ${describeReason(reasonCode)}`,
    {
      topic,
      reasonCode,
      phase: 'after-network',
    },
  )
}
