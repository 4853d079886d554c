import { endpoint, text } from '@antiphon/core'

/** The endpoint of the programs. */
export const order = endpoint({ topic: 'order', request: text, response: text })
