import { createBroker } from '@antiphon/broker'
import { it } from 'vitest'
import { expectThousandServices } from './many-services.js'

it('discovers 1 000 services over the embedded broker', async () => {
  const broker = createBroker()
  const { port } = await broker.listen({ protocol: 'tcp', port: 0, host: '127.0.0.1' })
  await expectThousandServices(`mqtt://127.0.0.1:${port}`)
  await broker.close()
}, 180_000)
