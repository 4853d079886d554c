import { Buffer } from 'node:buffer'
import { credentials, makeGenericClientConstructor, Server, ServerCredentials } from '@grpc/grpc-js'
import { decodeOrThrow, echoCodec } from '../src/peers/contract.js'
import { runUnary } from '../src/peers/unary.js'

const encode = (value) => Buffer.from(echoCodec.encode(value))
const decode = (payload) => decodeOrThrow(echoCodec, payload)

const service = {
  talk: {
    path: '/bench/talk',
    requestStream: false,
    responseStream: false,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  },
}

/** One connection, the same JSON codec in place of protocol buffers. */
await runUnary({
  requester: async ({ port }) => {
    const Client = makeGenericClientConstructor(service, 'bench')
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
    await new Promise((resolve, reject) =>
      client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve())),
    )
    return () =>
      ({ onResponse, onError }) =>
      (request) =>
        void client.talk(request, (error, response) => (error ? onError(error) : onResponse(response)))
  },
  responder: async ({ port }) => {
    const server = new Server()
    server.addService(service, { talk: ({ request }, respond) => respond(null, request) })
    await new Promise((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      ),
    )
  },
})
