import { connect } from '@nats-io/transport-node'
import { decoded, talk } from '../src/peers/contract.js'
import { runUnary } from '../src/peers/unary.js'

const subject = 'bench.talk'

await runUnary({
  requester: async ({ port }) => {
    const connection = await connect({ servers: `127.0.0.1:${port}` })
    return () =>
      ({ answered, failed }) =>
      (question) =>
        void connection
          .request(subject, talk.encode(question), { timeout: 60_000 })
          .then(({ data }) => answered(decoded(talk, data)))
          .catch(failed)
  },
  responder: async ({ port }) => {
    const connection = await connect({ servers: `127.0.0.1:${port}` })
    connection.subscribe(subject, {
      callback: (_, message) => void message.respond(talk.encode(decoded(talk, message.data))),
    })
    await connection.flush()
  },
})
