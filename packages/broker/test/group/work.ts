import { endpoint, text, type Endpoint } from '@antiphon/core'

/** What the group is asked to do: the answer is the question. */
export const work: Endpoint<{
  readonly params: Readonly<Record<never, string>>
  readonly requestInput: string
  readonly request: string
  readonly responseInput: string
  readonly response: string
  readonly kind: 'one'
}> = endpoint({ topic: 'work', request: text, response: text })

export const group = 'workers'
