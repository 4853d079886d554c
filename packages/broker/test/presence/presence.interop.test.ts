import { describeForeign, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { afterAll, beforeAll } from 'vitest'
import { presenceSuite } from './presence-suite.js'

describeForeign(['mosquitto'], 'presence over Mosquitto', () => {
  let broker: Mosquitto
  beforeAll(async () => {
    broker = await startMosquitto()
  })
  afterAll(() => broker.stop())

  presenceSuite(() => broker.url)
})
