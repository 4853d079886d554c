import type { IClientPublishOptions } from 'mqtt'
import { connected, encoded, jsonProperties, subscribeAll } from '../by-hand.js'
import { decoded, talk, topicPicker, topicsOf, type Talk } from '../contract.js'
import { runUnary } from '../unary.js'

const idLength = 7
/** As many bytes as JSON would add. */
const inPlaceOfJson = '-'.repeat(17)

type Refused = (error?: Error | null) => void
type Handler = (value: Talk) => Talk

/** What one writes who needs no more than this: the client and a Map. */
await runUnary({
  requester: async (role) => {
    const { contestant, port, qos } = role
    const { read, write } = formatOf(contestant)
    const client = await connected(port)
    const responseTopic = `response/${client.options.clientId}`
    const nextTopic = topicPicker(role)
    const pending = new Map<string, (response: Talk) => void>()
    let last = 0
    client.on('message', (_, payload, { properties }) => {
      const token = properties?.correlationData?.toString('latin1') ?? ''
      const settle = pending.get(token)
      pending.delete(token)
      settle?.(read(payload))
    })
    await client.subscribeAsync(responseTopic, { qos: 1 })
    const call = (request: Talk, settle: (response: Talk) => void, refused: Refused): void => {
      const token = (last++).toString(36)
      pending.set(token, settle)
      const correlationData = Buffer.from(token, 'latin1')
      const properties = { responseTopic, correlationData, ...jsonProperties, messageExpiryInterval: 60 }
      client.publish(nextTopic(), write(request), { qos, properties }, refused)
    }
    const promised = (request: Talk): Promise<Talk> =>
      new Promise((resolve, reject) =>
        call(request, resolve, (error) => {
          if (error) reject(error)
        }),
      )
    return (form) =>
      ({ answered, failed }) => {
        if (form === 'promise') return (request) => void promised(request).then(answered, failed)
        const refused: Refused = (error) => {
          if (error) failed(error)
        }
        return (request) => call(request, answered, refused)
      }
  },
  responder: async (role) => {
    const { read, write } = formatOf(role.contestant)
    const client = await connected(role.port)
    const topics = topicsOf(role)
    const handlers = new Map<string, Handler>(topics.map((each) => [each, (value) => value]))
    client.on('message', (topic, payload, { qos, properties = {} }) => {
      const { responseTopic, correlationData } = properties
      const handler = handlers.get(topic)
      if (responseTopic === undefined || correlationData === undefined || handler === undefined) return
      const options: IClientPublishOptions = { qos, properties: { correlationData, ...jsonProperties } }
      client.publish(responseTopic, write(handler(read(payload))), options)
    })
    await subscribeAll(client, topics, 2)
  },
})

/** With JSON it reads and writes by the codec that all use; without, it looks for the id and hands the bytes on. */
function formatOf(contestant: string): { read: (payload: Buffer) => Talk; write: (value: Talk) => Buffer } {
  if (contestant !== 'Map, no JSON') return { read: (payload) => decoded(talk, payload), write: encoded }
  return {
    read: (payload) => ({ id: Number(payload.toString('latin1', 0, idLength)), text: '', payload }) as Talk,
    write: ({ id, text, payload }: Talk & { readonly payload?: Buffer }) =>
      payload ?? Buffer.from(`${id}${inPlaceOfJson}${text}`, 'latin1'),
  }
}
