import type { Codec } from '@antiphon/core'
import { objectCodec } from '@antiphon/core/codec'
import { isText } from './guards.js'

/** A request to a service; those without parameters have no other field. */
export interface ServiceRequest {
  readonly clientToken: string
}

/** The codec of requests without required parameters. */
export const requestCodec: Codec<ServiceRequest> = objectCodec(
  'a request with a clientToken',
  (frame): frame is Record<string, unknown> & ServiceRequest => isText(frame['clientToken']),
)
