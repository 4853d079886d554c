import {
  requests$,
  type Endpoint,
  type EndpointTypes,
  type Link,
  type RequestsOptions,
  type ReceivedRequest,
} from '@antiphon/core'
import { ignoreElements, merge, tap, type OperatorFunction } from 'rxjs'
import type { VirtualBroker } from '../virtual/broker.js'
import { toMessage, type MessageForm } from './message-form.js'

/** Returns an operator that publishes messages and emits the requests that a link receives from them. */
export type ToRequests = <T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options?: RequestsOptions<T>,
) => OperatorFunction<MessageForm, ReceivedRequest<T>>

/** Publishes through the broker, so that a handler receives real requests. */
export function toRequests(broker: VirtualBroker): ToRequests {
  return (link, endpoint, options) => (messages$) => {
    const { parameters, template } = endpoint.topic
    const topic = parameters.length === 0 ? template : undefined
    const published$ = messages$.pipe(
      tap((form) => void broker.publish(toMessage(form, topic))),
      ignoreElements(),
    )
    return merge(requests$(link, endpoint, options), published$)
  }
}
