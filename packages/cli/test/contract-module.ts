import { bytes, endpoint, json, payloadField, text } from '@antiphon/core'

export const greet = endpoint({ topic: 'module/greet', request: text, response: text })
export const blob = endpoint({ name: 'the blob', topic: 'module/blob', request: bytes, response: bytes })
export const numbers = endpoint({
  topic: 'module/numbers',
  request: json.unchecked(),
  response: json.unchecked(),
  responses: 'many',
})
export const tagged = endpoint({
  topic: 'module/tagged',
  request: json.unchecked<{ id: string }>(),
  response: json.unchecked<{ id: string }>(),
  correlation: payloadField('id'),
})
export const version = 1
