import type { LinkState } from '@antiphon/core'
import { connect, mqttTransport, type MqttOptions } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { filter, firstValueFrom, type Observable, take, toArray } from 'rxjs'
import { expect, it } from 'vitest'
import { startProxy } from './proxy.js'
import {
  disconnect,
  openConnection,
  publish,
  subscribe,
  subscribeRequest,
  textMessage,
  textOf,
} from './test-connection.js'

type Online = Extract<LinkState, { status: 'online' }>

const onlineTimes = (state$: Observable<LinkState>, count: number): Promise<readonly Online[]> =>
  firstValueFrom(
    state$.pipe(
      filter((state) => state.status === 'online'),
      take(count),
      toArray(),
    ),
  )

describeForeign(['mosquitto'], 'maxConnectionAge', () => {
  it.each<[version: string, options: MqttOptions]>([
    ['MQTT 5', { protocolVersion: 5 }],
    ['MQTT 3.1.1', { protocolVersion: 4, clean: false, clientId: 'device' }],
  ])('replaces a connection without publishing its will, and keeps the session: %s', async (_, options) => {
    const broker = await startMosquitto()
    const proxy = await startProxy(broker.port, options.protocolVersion === 4 ? 4 : 5)
    const listener = mqttTransport(broker.url)
    const listening = await openConnection(listener)
    await subscribe(listener, subscribeRequest('wills'))
    const link = connect(proxy.url, {
      ...options,
      will: { topic: 'wills', payload: 'dropped', qos: 1 },
      maxConnectionAge: 50,
      reconnect: { initial: 1, maximum: 1 },
    })
    const states = await onlineTimes(link.state$, 3)
    expect(states.slice(1).map(({ info }) => info.sessionPresent)).toEqual([true, true])
    const disconnects = proxy.sent.filter((packet) => packet.cmd === 'disconnect')
    expect(disconnects.length).toBeGreaterThanOrEqual(2)
    await publish(listener, textMessage('wills', 'last'))
    expect((await listening.received(1)).map(textOf)).toEqual(['last'])
    await link.close()
    await disconnect(listener)
    await proxy.stop()
    await broker.stop()
  })
})
