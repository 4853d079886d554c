import { Buffer } from 'node:buffer'
import { mqtt5 } from 'aws-crt'
import { decodeOrThrow, echoCodec, topic } from '../src/peers/contract.js'
import { reportFailure } from '../src/peers/run-peer.js'
import { runUnary } from '../src/peers/unary.js'

async function connectClient(port, clientId) {
  const client = new mqtt5.Mqtt5Client({
    hostName: '127.0.0.1',
    port,
    connectProperties: { clientId, keepAliveIntervalSeconds: 60 },
    // The default limits the client to 100 messages a second, the quota of AWS IoT Core.
    extendedValidationAndFlowControlOptions: mqtt5.ClientExtendedValidationAndFlowControl.None,
  })
  client.on('disconnection', ({ error, disconnect }) =>
    reportFailure(disconnect === undefined ? String(error) : `0x${disconnect.reasonCode.toString(16)}`),
  )
  client.on('error', (error) => reportFailure(String(error)))
  const success = new Promise((resolve, reject) => {
    client.once('connectionSuccess', resolve)
    client.once('connectionFailure', ({ error }) => reject(error))
  })
  client.start()
  await success
  return client
}

const token = (correlationData) => Buffer.from(correlationData).latin1Slice()
const json = { contentType: 'application/json', payloadFormat: mqtt5.PayloadFormatIndicator.Utf8 }

await runUnary({
  requester: async ({ port, qos }) => {
    const clientId = `aws-${process.pid}`
    const client = await connectClient(port, clientId)
    const responseTopic = `response/${clientId}`
    const pending = new Map()
    let last = 0
    client.on('messageReceived', ({ message: { correlationData, payload } }) => {
      const key = token(correlationData)
      const settle = pending.get(key)
      pending.delete(key)
      settle?.(decodeOrThrow(echoCodec, new Uint8Array(payload)))
    })
    await client.subscribe({ subscriptions: [{ topicFilter: responseTopic, qos: 1 }] })
    return () =>
      ({ onResponse, onError }) =>
      (request) => {
        const key = (last++).toString(36)
        pending.set(key, onResponse)
        client
          .publish({
            topicName: topic,
            qos,
            payload: echoCodec.encode(request),
            responseTopic,
            correlationData: Buffer.from(key, 'latin1'),
            messageExpiryIntervalSeconds: 60,
            ...json,
          })
          .catch(onError)
      }
  },
  responder: async ({ port }) => {
    const client = await connectClient(port, `aws-${process.pid}`)
    client.on('messageReceived', ({ message: { payload, qos, responseTopic, correlationData } }) => {
      client
        .publish({
          topicName: responseTopic,
          qos,
          payload: echoCodec.encode(decodeOrThrow(echoCodec, new Uint8Array(payload))),
          correlationData,
          ...json,
        })
        .catch((error) => reportFailure(String(error)))
    })
    await client.subscribe({ subscriptions: [{ topicFilter: topic, qos: 1 }] })
  },
})
