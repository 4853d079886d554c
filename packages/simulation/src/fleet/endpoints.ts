import { endpoint, type Endpoint, type EndpointTypes, text } from '@antiphon/core'

/** The types of an endpoint whose requests and responses are numbers as text. */
interface NumberTypes<Parameter extends string> extends EndpointTypes {
  readonly params: { readonly [Name in Parameter]: string }
  readonly requestInput: string
  readonly request: string
  readonly responseInput: string
  readonly response: string
  readonly kind: 'one'
}

/** A command to one device. The value of request and response is the number of the request. */
export const command: Endpoint<NumberTypes<'device'>> = endpoint({
  topic: 'devices/{device}/commands',
  request: text,
  response: text,
})

/** A job for the group of workers. Jobs with the same key, except `any`, are done one at a time. */
export const job: Endpoint<NumberTypes<'key'>> = endpoint({
  topic: 'jobs/{key}',
  request: text,
  response: text,
})
