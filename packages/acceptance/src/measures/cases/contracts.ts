import { endpoint, text, type ContractTypes, type Correlation, type Endpoint } from '@antiphon/core'

/** An endpoint with one response. */
export const echo: Endpoint<ContractTypes<'measures/echo', string, string, 'one', Correlation>> = endpoint({
  topic: 'measures/echo',
  request: text,
  response: text,
})

/** An endpoint with many responses. */
export const numbers: Endpoint<ContractTypes<'measures/numbers', string, string, 'many', Correlation>> =
  endpoint({ topic: 'measures/numbers', request: text, response: text, responses: 'many' })

/** The name of the group in all measures. */
export const group = 'measures'
