import { endpoint, type ContractTypes, type Correlation, type Endpoint } from '@antiphon/core'
import { cityQuery, readingSentence } from './codecs.js'
import type { Reading } from './reading.js'

/** The endpoint of the temperature service: request a city, get its reading, by Response Topic and Correlation Data. */
export const temperatureQuery: Endpoint<
  ContractTypes<'service/temperature/query', string, Reading, 'one', Correlation>
> = endpoint({
  topic: 'service/temperature/query',
  request: cityQuery,
  response: readingSentence,
  // The responders of this service know Response Topic and Correlation Data only.
  cancel: 'local',
})
