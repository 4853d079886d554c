import { endpoint, text, type Endpoint, type EndpointTypes } from '@antiphon/core'
import type { CaseContext } from '../case-context.js'
import type { EchoTypes } from './fixtures.js'

/** The types of an endpoint with text as request and many texts as responses. */
export type StreamTypes = Omit<EchoTypes, 'kind'> & EndpointTypes & { readonly kind: 'many' }

/** Returns an endpoint with streamed responses on the topic `stream` of the case. */
export function streamEndpoint(context: CaseContext): Endpoint<StreamTypes> {
  const contract = {
    topic: context.topic('stream'),
    request: text,
    response: text,
    responses: 'many',
  } as const
  return endpoint(contract)
}

/**
 * Returns a handler that yields the numbers from 1 to the requested one. `produced` counts the items of its last run,
 * `isStopped` tells whether a run has ended.
 */
export function countingHandler(): {
  readonly handler: (request: { readonly value: string }) => Generator<string>
  readonly produced: () => number
  readonly isStopped: () => boolean
} {
  let produced = 0
  let isStopped = false
  return {
    handler: function* ({ value }) {
      produced = 0
      try {
        while (produced < Number(value)) {
          produced += 1
          yield String(produced)
        }
      } finally {
        isStopped = true
      }
    },
    produced: () => produced,
    isStopped: () => isStopped,
  }
}
