const message = (payload: object, contentType = 'application/json') => ({ contentType, payload })
const channel = (address: string | null, name: string, content: object) => ({
  address,
  messages: { [name]: content },
  ...(address?.includes('{') === true && { parameters: { vin: {} } }),
})
const operation = (name: string) => ({
  action: 'receive',
  channel: { $ref: `#/channels/${name}` },
  reply: {
    channel: { $ref: `#/channels/${name}Response` },
    address: { location: '$message.header#/responseTopic' },
  },
})

const door = { type: 'string', enum: ['front', 'rear'] }
const unlock = {
  type: 'object',
  properties: {
    door,
    force: { type: 'boolean', default: false },
    by: { type: 'object', properties: { name: { type: 'string', minLength: 1 } }, required: ['name'] },
  },
  required: ['door', 'force', 'by'],
  additionalProperties: false,
}
const unlocked = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }

/** An AsyncAPI document of a car with two operations. */
export const carDocument: object = {
  asyncapi: '3.1.0',
  info: { title: 'Car', version: '1.0.0' },
  channels: {
    unlock: channel('cars/{vin}/unlock', 'request', message(unlock)),
    unlockResponse: channel(null, 'response', message(unlocked)),
    greet: channel('cars/greet', 'request', message({ type: 'string' }, 'text/plain')),
    greetResponse: channel(null, 'response', message({ type: 'string' }, 'text/plain')),
  },
  operations: { unlock: operation('unlock'), greet: operation('greet') },
}
