import type { Endpoint } from '@antiphon/core'
import { operation, type OperationTypes } from '../service/operation.js'
import { requestCodec, type ServiceRequest } from '../service/request.js'
import {
  documentCodec,
  removedCodec,
  updateCodec,
  type RemovedShadow,
  type ShadowDocument,
  type ShadowUpdateRequest,
} from './documents.js'

/** The endpoints of shadows; `Params` is a template with the topic parameters. */
export interface ShadowEndpoints<Params extends string> {
  readonly get: Endpoint<OperationTypes<Params, ServiceRequest, ShadowDocument>>
  readonly update: Endpoint<OperationTypes<Params, ShadowUpdateRequest, ShadowDocument>>
  readonly delete: Endpoint<OperationTypes<Params, ServiceRequest, RemovedShadow>>
}

/** The endpoints of the classic shadow, which has no name. */
export const classicShadow: ShadowEndpoints<'{thing}'> = shadowEndpoints('$aws/things/{thing}/shadow')

/** The endpoints of named shadows. */
export const namedShadow: ShadowEndpoints<'{thing}/{shadow}'> = shadowEndpoints(
  '$aws/things/{thing}/shadow/name/{shadow}',
)

function shadowEndpoints<Params extends string>(topic: string): ShadowEndpoints<Params> {
  return {
    get: operation(`${topic}/get`, {
      name: 'aws-iot get shadow',
      request: requestCodec,
      response: documentCodec,
    }),
    update: operation(`${topic}/update`, {
      name: 'aws-iot update shadow',
      request: updateCodec,
      response: documentCodec,
    }),
    delete: operation(`${topic}/delete`, {
      name: 'aws-iot delete shadow',
      request: requestCodec,
      response: removedCodec,
    }),
  }
}
