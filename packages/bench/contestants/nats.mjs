import { connect } from '@nats-io/transport-node'
import { decodeOrThrow, echoCodec } from '../src/peers/contract.js'
import { runUnary } from '../src/peers/unary.js'

const subject = 'bench.talk'

await runUnary({
  requester: async ({ port }) => {
    const connection = await connect({ servers: `127.0.0.1:${port}` })
    return () =>
      ({ onResponse, onError }) =>
      (request) =>
        void connection
          .request(subject, echoCodec.encode(request), { timeout: 60_000 })
          .then(({ data }) => onResponse(decodeOrThrow(echoCodec, data)))
          .catch(onError)
  },
  responder: async ({ port }) => {
    const connection = await connect({ servers: `127.0.0.1:${port}` })
    connection.subscribe(subject, {
      callback: (_, message) =>
        void message.respond(echoCodec.encode(decodeOrThrow(echoCodec, message.data))),
    })
    await connection.flush()
  },
})
