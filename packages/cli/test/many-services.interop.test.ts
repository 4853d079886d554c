import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { it } from 'vitest'
import { expectThousandServices } from './many-services.js'

describeForeign(['mosquitto'], 'discovery of many services over Mosquitto', () => {
  it('discovers 1 000 services over Mosquitto', async () => {
    const broker = await startMosquitto()
    await expectThousandServices(`mqtt://127.0.0.1:${broker.port}`)
    await broker.stop()
  }, 180_000)
})
