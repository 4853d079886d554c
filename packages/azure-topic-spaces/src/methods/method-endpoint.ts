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

/** JSON, or nothing at all. */
const payload: Codec<unknown> = mapCodec(text, {
  encode: (value: unknown) => (value === undefined ? '' : JSON.stringify(value)),
  decode: (said) => {
    try {
      return right(said === '' ? undefined : (JSON.parse(said) as unknown))
    } catch {
      return left('expected JSON or nothing')
    }
  },
})

/** The contract of direct methods, over a `methodLink`: the request's id stands in both topics. */
export const methodEndpoint: Endpoint<
  ContractTypes<'methods/{name}/{rid}', unknown, unknown, 'one', Correlation>
> = endpoint({
  name: 'method',
  topic: 'methods/{name}/{rid}',
  reply: { topic: 'methods/{name}/response/{rid}', filter: 'methods/{name}/response/#' },
  request: payload,
  response: payload,
  correlation: topicParams(),
  onFailure: ({ message }) => ({ message }),
})
