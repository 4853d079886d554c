import { createBroker } from '@antiphon/broker'
import { transportSuite } from './transport-suite.js'

transportSuite(async () => {
  const broker = createBroker()
  const { url } = await broker.listen({ protocol: 'tcp' })
  return { url, stop: () => broker.close() }
})
