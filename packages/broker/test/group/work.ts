import { endpoint, text, type Endpoint } from '@antiphon/core'

/** The endpoint that the group serves; a response equals its request. */
export const work: Endpoint<{
  readonly params: Readonly<Record<never, string>>
  readonly requestInput: string
  readonly request: string
  readonly responseInput: string
  readonly response: string
  readonly kind: 'one'
}> = endpoint({ topic: 'work', request: text, response: text })

/** The share name of the group. */
export const group = 'workers'
