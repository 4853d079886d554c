import { json, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { bridgeOnline$, callBridge, getState$, setState$, type BridgeRequest } from '@antiphon/zigbee2mqtt'
import { firstValueFrom, map } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { fieldsOf, frame } from '../frame.js'
import { permitJoin, rename } from '../requests.js'
import { startLocal } from './local.js'
import { startZigbee2mqtt } from './zigbee2mqtt.js'

const anyObject = json.unchecked<object>()
const request = (name: string): BridgeRequest<object, object> => ({
  name,
  params: anyObject,
  data: anyObject,
})
/** Long enough for a response on a busy machine. */
const answered = { timeout: 30_000 }
const unanswered = { timeout: 300 }

const bridges = {
  Zigbee2MQTT: async (url: string) => {
    const { stop } = await startZigbee2mqtt(url)
    return () => stop('SIGTERM')
  },
  'the local bridge': startLocal,
}

describeForeign(['mosquitto', 'zigbee2mqtt'], 'bridges on Mosquitto', () => {
  describe.each(Object.entries(bridges))('%s', (_, start) => {
    let url: string
    let stop: () => Promise<void>
    beforeAll(async () => {
      const mosquitto = await startMosquitto()
      const stopBridge = await start(mosquitto.url)
      url = mosquitto.url
      stop = async () => {
        await stopBridge()
        await mosquitto.stop()
      }
    })
    afterAll(() => stop())

    const open = (protocolVersion: 4 | 5 = 5): Link => {
      const link = connect(url, { protocolVersion })
      onTestFinished(() => link.close())
      return link
    }

    it.each([4, 5] as const)(
      'answers requests of version %d, and fails those it cannot carry out',
      async (version) => {
        const link = open(version)
        await expect(firstValueFrom(bridgeOnline$(link))).resolves.toBe(true)
        await expect(callBridge(link, permitJoin, { time: 60 }, answered)).resolves.toEqual({ time: 60 })
        const failures = [
          [permitJoin.name, { time: 60, device: 'nothing' }, "Device 'nothing' does not exist"],
          [rename.name, { from: 'nothing', to: 'lamp' }, "Device 'nothing' does not exist"],
          [rename.name, { from: 'lamp' }, 'Invalid payload'],
          [permitJoin.name, {}, 'Invalid payload'],
        ] as const
        for (const [name, params, message] of failures) {
          await expect(callBridge(link, request(name), params, answered)).rejects.toMatchObject({
            code: 'status',
            status: { code: 500, message },
          })
        }
      },
    )

    it('answers each of two requests at once', async () => {
      const link = open()
      const calls = [10, 20].map((time) => callBridge(link, permitJoin, { time }, answered))
      await expect(Promise.all(calls)).resolves.toEqual([{ time: 10 }, { time: 20 }])
    })

    it('does not answer a request that it does not know', async () => {
      await expect(callBridge(open(), request('dance'), {}, unanswered)).rejects.toMatchObject({
        code: 'timeout',
      })
    })

    it('answers requests without a transaction by responses without one', async () => {
      const link = open()
      const topic = 'zigbee2mqtt/bridge/response/permit_join'
      const response = firstValueFrom(link.messages$(topic).pipe(map(fieldsOf)))
      await firstValueFrom(link.subscription$(topic))
      const payload = frame({ time: 30 })
      await firstValueFrom(link.publish$({ topic: 'zigbee2mqtt/bridge/request/permit_join', payload }))
      await expect(response).resolves.toEqual({ data: { time: 30 }, status: 'ok' })
    })

    it.each([4, 5] as const)('changes and reads a lamp over version %d', async (version) => {
      const link = open(version)
      const set = (changes: object): Promise<object> =>
        firstValueFrom(setState$(link, 'lamp', { ...changes }, answered))
      await expect(set({ state: 'on' })).resolves.toMatchObject({ state: 'ON', linkquality: 100 })
      await expect(set({ brightness: 7 })).resolves.toMatchObject({ state: 'ON', brightness: 7 })
      await expect(set({ state: 'TOGGLE' })).resolves.toMatchObject({ state: 'OFF', brightness: 7 })
      const state = firstValueFrom(getState$(link, 'lamp', ['state'], answered))
      await expect(state).resolves.toMatchObject({ state: 'OFF', brightness: 7 })
    })

    it('publishes nothing for a device or an attribute that it does not have', async () => {
      const link = open()
      const attempts = [
        setState$(link, 'lamp', { dance: true }, unanswered),
        getState$(link, 'lamp', ['dance'], unanswered),
        getState$(link, 'lamp', [], unanswered),
        getState$(link, 'nothing', ['state'], unanswered),
      ]
      for (const attempt$ of attempts)
        await expect(firstValueFrom(attempt$)).rejects.toMatchObject({ code: 'timeout' })
    })

    it('takes the text of a state, and an attribute from the topic', async () => {
      const link = open()
      const states = link.messages$('zigbee2mqtt/lamp').pipe(map(fieldsOf))
      for (const [topic, text, expected] of [
        ['set', 'ON', { state: 'ON' }],
        ['set/state', 'OFF', { state: 'OFF' }],
        ['set/brightness', '50', { brightness: 50 }],
        ['get/state', '', { brightness: 50 }],
      ] as const) {
        const state = firstValueFrom(states)
        await firstValueFrom(link.subscription$('zigbee2mqtt/lamp'))
        const payload = new TextEncoder().encode(text)
        await firstValueFrom(link.publish$({ topic: `zigbee2mqtt/lamp/${topic}`, payload }))
        await expect(state).resolves.toMatchObject(expected)
      }
    })
  })
})
