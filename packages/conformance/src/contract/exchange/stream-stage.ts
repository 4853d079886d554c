import { endpoint, text, type Endpoint, type EndpointTypes } from '@antiphon/core'
import type { Scene } from '../scene.js'
import type { EchoTypes } from './stage.js'

/** Text in, many texts out. */
export type StreamTypes = Omit<EchoTypes, 'kind'> & EndpointTypes & { readonly kind: 'many' }

/** The endpoint of streams, on a topic nobody else uses. */
export function streamOf(scene: Scene): Endpoint<StreamTypes> {
  const contract = { topic: scene.topic('stream'), request: text, response: text, replies: 'many' } as const
  return endpoint(contract)
}

/** Numbers from 1 on, as many as the question says; says how many were made of the last, and whether it was stopped. */
export function counting(): {
  readonly handler: (request: { readonly value: string }) => Generator<string>
  readonly made: () => number
  readonly isStopped: () => boolean
} {
  let made = 0
  let isStopped = false
  return {
    handler: function* ({ value }) {
      made = 0
      try {
        while (made < Number(value)) {
          made += 1
          yield String(made)
        }
      } finally {
        isStopped = true
      }
    },
    made: () => made,
    isStopped: () => isStopped,
  }
}
