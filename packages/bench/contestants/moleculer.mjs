import { ServiceBroker } from 'moleculer'
import { reportFailure } from '../src/peers/run-peer.js'
import { runUnary } from '../src/peers/unary.js'

async function started({ port, part, qos }, schema) {
  const broker = new ServiceBroker({
    nodeID: part,
    logger: false,
    transporter: { type: 'MQTT', options: { host: '127.0.0.1', port, protocolVersion: 5, qos } },
  })
  if (schema !== undefined) broker.createService(schema)
  await broker.start()
  const { client } = broker.transit.tx
  client.on('disconnect', ({ reasonCode = 0 }) => reportFailure(`0x${reasonCode.toString(16)}`))
  client.on('close', () => reportFailure('the connection was closed'))
  return broker
}

await runUnary({
  requester: async (role) => {
    const broker = await started(role)
    await broker.waitForServices('bench')
    return () =>
      ({ onResponse, onError }) =>
      (request) =>
        void broker.call('bench.talk', request).then(onResponse, onError)
  },
  responder: (role) =>
    started(role, {
      name: 'bench',
      actions: {
        talk: { params: { id: 'number', text: 'string' }, handler: ({ params }) => params },
      },
    }),
})
