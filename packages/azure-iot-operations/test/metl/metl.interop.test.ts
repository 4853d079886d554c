import { describeForeign, describeWithFiles, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { afterAll, beforeAll } from 'vitest'
import { describeLevel } from './describe-level.js'
import { overMosquitto } from './levels.js'
import { metlFolder, metlSource } from './metl-case.js'

describeForeign(['mosquitto'], 'METL with Mosquitto', () => {
  let mosquitto: Mosquitto
  beforeAll(async () => {
    mosquitto = await startMosquitto()
  })
  afterAll(() => mosquitto.stop())

  describeWithFiles({ folder: metlFolder, source: metlSource }, 'METL', () => {
    describeLevel('over Mosquitto', () => overMosquitto(mosquitto.port))
  })
})
