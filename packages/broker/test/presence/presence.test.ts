import { createBroker } from '@antiphon/broker'
import { afterAll, beforeAll, describe } from 'vitest'
import { presenceSuite } from './presence-suite.js'

describe('presence over the embedded broker', () => {
  const broker = createBroker()
  let url = ''
  beforeAll(async () => {
    const listener = await broker.listen({ protocol: 'tcp' })
    url = listener.url
  })
  afterAll(() => broker.close())

  presenceSuite(() => url)
})
