import type { IClientPublishOptions } from 'mqtt'
import { connectClient, encode, jsonProperties, subscribeAll } from '../by-hand.js'
import { decodeOrThrow, echoCodec, topicPicker, topicsOf, type EchoMessage } from '../contract.js'
import { runUnary } from '../unary.js'

const idLength = 7
/** As many bytes as JSON would add to the text. */
const filler = '-'.repeat(17)

type Refused = (error?: Error | null) => void
type Handler = (value: EchoMessage) => EchoMessage

/** Minimal application code: the client and a Map. */
await runUnary({
  requester: async (role) => {
    const { contestant, port, qos } = role
    const { read, write } = formatOf(contestant)
    const client = await connectClient(port)
    const responseTopic = `response/${client.options.clientId}`
    const nextTopic = topicPicker(role)
    const pending = new Map<string, (response: EchoMessage) => void>()
    let last = 0
    client.on('message', (_, payload, { properties }) => {
      const token = properties?.correlationData?.toString('latin1') ?? ''
      const settle = pending.get(token)
      pending.delete(token)
      settle?.(read(payload))
    })
    await client.subscribeAsync(responseTopic, { qos: 1 })
    const sendRequest = (
      request: EchoMessage,
      settle: (response: EchoMessage) => void,
      onRefused: Refused,
    ): void => {
      const token = (last++).toString(36)
      pending.set(token, settle)
      const correlationData = Buffer.from(token, 'latin1')
      const properties = { responseTopic, correlationData, ...jsonProperties, messageExpiryInterval: 60 }
      client.publish(nextTopic(), write(request), { qos, properties }, onRefused)
    }
    const requestPromise = (request: EchoMessage): Promise<EchoMessage> =>
      new Promise((resolve, reject) =>
        sendRequest(request, resolve, (error) => {
          if (error) reject(error)
        }),
      )
    return (form) =>
      ({ onResponse, onError }) => {
        if (form === 'promise') return (request) => void requestPromise(request).then(onResponse, onError)
        const onRefused: Refused = (error) => {
          if (error) onError(error)
        }
        return (request) => sendRequest(request, onResponse, onRefused)
      }
  },
  responder: async (role) => {
    const { read, write } = formatOf(role.contestant)
    const client = await connectClient(role.port)
    const topics = topicsOf(role)
    const handlers = new Map<string, Handler>(topics.map((name) => [name, (value) => value]))
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

/** Returns the functions that decode and encode payloads; without JSON, only the id is read and the bytes are passed on. */
function formatOf(contestant: string): {
  read: (payload: Buffer) => EchoMessage
  write: (value: EchoMessage) => Buffer
} {
  if (contestant !== 'Map, no JSON')
    return { read: (payload) => decodeOrThrow(echoCodec, payload), write: encode }
  return {
    read: (payload) =>
      ({ id: Number(payload.toString('latin1', 0, idLength)), text: '', payload }) as EchoMessage,
    write: ({ id, text, payload }: EchoMessage & { readonly payload?: Buffer }) =>
      payload ?? Buffer.from(`${id}${filler}${text}`, 'latin1'),
  }
}
