import { createBroker } from '@antiphon/broker'

const broker = createBroker()
const { port } = await broker.listen({ protocol: 'tcp' })
process.on('disconnect', () => process.exit())
process.send?.({ port })
