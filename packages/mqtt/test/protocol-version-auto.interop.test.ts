import { endpoint, request, requests$, serve, text, topicParams } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { filter, firstValueFrom, of } from 'rxjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startVersionedBroker } from './versioned-broker.js'

const readings = endpoint({
  topic: 'readings/{sensor}',
  responseTopic: 'readings/{sensor}/response',
  request: text,
  response: text,
  correlation: topicParams(),
})
const north = { params: { sensor: 'north' }, value: 'now' }

describeForeign(['mosquitto'], "protocolVersion 'auto' with Mosquitto", () => {
  let mosquitto: Mosquitto
  beforeAll(async () => void (mosquitto = await startMosquitto()))
  afterAll(() => mosquitto.stop())

  it('speaks MQTT 5', async () => {
    const link = connect(mosquitto.url, { protocolVersion: 'auto' })
    const { info } = await firstValueFrom(link.state$.pipe(filter((state) => state.status === 'online')))
    expect(info.protocolVersion).toBe(5)
    await link.close()
  })

  it('exchanges requests by MQTT 3.1.1 if CONNECT of MQTT 5 is answered by a close', async () => {
    const broker = await startVersionedBroker(
      (version) => (version === 5 ? 'close' : 'forward'),
      mosquitto.port,
    )
    const open = (): ReturnType<typeof connect> =>
      connect(broker.url, { protocolVersion: 'auto', reconnect: { initial: 10, maximum: 10 } })
    const [requester, responder] = [open(), open()]
    await new Promise<void>((resolve) => {
      requests$(responder, readings, { onSubscribed: resolve })
        .pipe(serve(() => of('20')))
        .subscribe()
    })
    const first = await request(requester, readings, north)
    broker.cut()
    const retry = { count: 50, attemptTimeout: 1_000 }
    const second = await request(requester, readings, north, { timeout: 60_000, retry })
    expect([first, second]).toEqual(['20', '20'])
    await Promise.all([requester.close(), responder.close()])
    broker.stop()
  })
})
