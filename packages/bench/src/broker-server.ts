import { createBroker } from '@antiphon/broker'

const { port } = await createBroker({ limits: { connections: 20_000 } }).listen({ protocol: 'tcp' })
process.send?.(port)
process.on('message', () => {
  globalThis.gc?.()
  process.send?.('collected')
})
process.on('disconnect', () => process.exit())
