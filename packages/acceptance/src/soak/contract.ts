import { endpoint, json, type ContractTypes, type Correlation, type Endpoint } from '@antiphon/core'
import * as t from 'io-ts'

interface ReadingRequest {
  readonly id: number
  readonly city: string
}

interface ReadingResponse extends ReadingRequest {
  readonly degrees: number
}

const readingRequest: t.Type<ReadingRequest> = t.type({ id: t.number, city: t.string })
const readingResponse: t.Type<ReadingResponse> = t.type({ id: t.number, city: t.string, degrees: t.number })

/** An endpoint with one response. */
export const reading: Endpoint<
  ContractTypes<'soak/reading', ReadingRequest, ReadingResponse, 'one', Correlation>
> = endpoint({
  topic: 'soak/reading',
  request: json(readingRequest),
  response: json(readingResponse),
})

/** An endpoint with many responses. */
export const readings: Endpoint<
  ContractTypes<'soak/readings', ReadingRequest, ReadingResponse, 'many', Correlation>
> = endpoint({
  topic: 'soak/readings',
  request: json(readingRequest),
  response: json(readingResponse),
  responses: 'many',
})

/** An endpoint whose responder does not answer in time. */
export const unanswered: Endpoint<
  ContractTypes<'soak/silence', ReadingRequest, ReadingResponse, 'one', Correlation>
> = endpoint({
  topic: 'soak/silence',
  request: json(readingRequest),
  response: json(readingResponse),
})
