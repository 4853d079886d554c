import {
  endpoint,
  text,
  topicParams,
  type Codec,
  type ContractTypes,
  type Correlation,
  type Endpoint,
} from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { left, right } from 'fp-ts/lib/Either.js'

/** JSON, or an empty payload for `undefined`. */
const payload: Codec<unknown> = mapCodec(text, {
  encode: (value: unknown) => (value === undefined ? '' : JSON.stringify(value)),
  decode: (input) => {
    try {
      return right(input === '' ? undefined : (JSON.parse(input) as unknown))
    } catch {
      return left('expected JSON or an empty payload')
    }
  },
})

/** The endpoint of direct methods, for use over a `methodLink`. The request id is part of both topics. */
export const methodEndpoint: Endpoint<
  ContractTypes<'methods/{name}/{rid}', unknown, unknown, 'one', Correlation>
> = endpoint({
  name: 'method',
  topic: 'methods/{name}/{rid}',
  responseTopic: 'methods/{name}/response/{rid}',
  responseFilter: 'methods/{name}/response/#',
  request: payload,
  response: payload,
  correlation: topicParams(),
  cancel: 'local',
  onFailure: ({ message }) => ({ message }),
})
