import type { Delivery, Message } from '@antiphon/core'
import { bytesOf } from '../observed.js'
import { requestProperties } from './with-responder.js'

/** Returns the delivery of a request to `echo`, with its payload as Correlation Data. */
export function deliveryOf(payload: string): Delivery {
  const message: Message = {
    topic: 'echo',
    payload: bytesOf(payload),
    ...requestProperties,
    correlationData: bytesOf(payload),
    qos: 1,
    retain: false,
    dup: false,
  }
  return { message, acknowledge: () => undefined }
}
