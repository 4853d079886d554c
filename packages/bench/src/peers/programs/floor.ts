import { decodeOrThrow, echoCodec, topicPicker, topicsOf, type EchoMessage } from '../contract.js'
import { field, FloorClient, type FloorMessage, type FloorSlice } from '../floor-client.js'
import { runUnary } from '../unary.js'

const jsonFields = Buffer.concat([Buffer.from([1, 1, 3]), field('application/json')])
const correlationId = Buffer.from([9])
/** More than the requests of any row that can be pending at once. */
const slots = 65_536

const read = ({ bytes, payloadStart, end }: FloorMessage): EchoMessage =>
  decodeOrThrow(echoCodec, bytes.subarray(payloadStart, end))
const whole = (bytes: Buffer): FloorSlice => [bytes, 0, bytes.length]

/** The least that correct request/response over MQTT 5 needs: raw sockets, prebuilt packets, the same JSON codec. */
await runUnary({
  requester: async (role) => {
    const { port, qos } = role
    const responseTopic = `response/floor-${process.pid}`
    const client = await FloorClient.connect(port, `floor-${process.pid}`)
    await client.subscribe([responseTopic], 1)
    const topics = new Map(topicsOf(role).map((name) => [name, whole(field(name))]))
    const nextTopic = topicPicker(role)
    const expiry = Buffer.from([2, 0, 0, 0, 60])
    const properties = Buffer.concat([
      jsonFields,
      expiry,
      Buffer.from([8]),
      field(responseTopic),
      correlationId,
    ])
    const correlation = Buffer.from([0, 4, 0, 0, 0, 0])
    const pending: (((response: EchoMessage) => void) | undefined)[] = Array.from({ length: slots })
    let last = 0
    client.onMessage = (message) => {
      const slot = message.bytes.readUInt32BE(message.correlationStart + 2) % slots
      const settle = pending[slot]
      pending[slot] = undefined
      settle?.(read(message))
    }
    return () =>
      ({ onResponse }) =>
      (request) => {
        last = (last + 1) % 0x1_0000_0000
        pending[last % slots] = onResponse
        correlation.writeUInt32BE(last, 2)
        const topic = topics.get(nextTopic()) ?? whole(field(''))
        client.publish(qos, topic, properties, whole(correlation), echoCodec.encode(request))
      }
  },
  responder: async (role) => {
    const client = await FloorClient.connect(role.port, `floor-${process.pid}`)
    const topics = topicsOf(role)
    const handlers = new Map(topics.map((name) => [name, (value: EchoMessage) => value]))
    const properties = Buffer.concat([jsonFields, correlationId])
    client.onMessage = (message) => {
      const { bytes, qos, topicStart, topicEnd, responseTopicEnd, correlationEnd } = message
      const handler = handlers.get(bytes.toString('latin1', topicStart, topicEnd))
      if (handler === undefined || responseTopicEnd === 0 || correlationEnd === 0) return
      const payload = echoCodec.encode(handler(read(message)))
      const responseTopic = [bytes, message.responseTopicStart, responseTopicEnd] as const
      client.publish(
        qos,
        responseTopic,
        properties,
        [bytes, message.correlationStart, correlationEnd],
        payload,
      )
    }
    await client.subscribe(topics, 1)
  },
})
