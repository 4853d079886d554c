import { endpoint, text, type ContractTypes, type Correlation, type Endpoint } from '@antiphon/core'

type EchoTopic = 'measures/echo' | 'measures/undisturbed'
type Echo = ContractTypes<EchoTopic, string, string, 'one', Correlation>

/** An endpoint with one response. */
export const echo: Endpoint<Echo> = endpoint({ topic: 'measures/echo', request: text, response: text })

/** Another endpoint with one response, whose responder has fast handlers only. */
export const undisturbedEcho: Endpoint<Echo> = endpoint({
  topic: 'measures/undisturbed',
  request: text,
  response: text,
})

/** An endpoint with many responses. */
export const numbers: Endpoint<ContractTypes<'measures/numbers', string, string, 'many', Correlation>> =
  endpoint({ topic: 'measures/numbers', request: text, response: text, responses: 'many' })

/** The name of the group in all measures. */
export const group = 'measures'
