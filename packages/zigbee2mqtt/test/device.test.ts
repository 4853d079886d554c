import { bridgeOnline$, deviceOnline$, deviceState$, getState$, setState$ } from '@antiphon/zigbee2mqtt'
import { localBridge } from '@antiphon/zigbee2mqtt/local'
import { map, tap } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { fieldsOf, frame } from './frame.js'
import { inWorld } from './world.js'

const lamp = 'kitchen/lamp'
const devices = { [lamp]: { state: 'OFF', brightness: 100 } }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

it('changes a device and emits the state that it publishes', () => {
  inWorld(({ broker, advance, record }) => {
    const bridge = localBridge(broker.link(), { devices })
    record(bridge.served$)
    advance(20)
    const set = record(setState$(broker.link(), lamp, { state: 'ON' }))
    advance(20)
    expect(set.values).toEqual([{ state: 'ON', brightness: 100 }])
    expect(bridge.state(lamp)).toEqual({ state: 'ON', brightness: 100 })
    expect(bridge.state('garage')).toBeUndefined()
  })
})

it('sends a get with the attributes as empty values, and emits the next state', () => {
  inWorld(({ broker, advance, record }) => {
    const published = record(broker.published$)
    record(localBridge(broker.link(), { devices }).served$)
    advance(20)
    const get = record(getState$(broker.link(), lamp, ['state', 'brightness']))
    advance(20)
    expect(get.values).toEqual([{ state: 'OFF', brightness: 100 }])
    const sent = published.values.find(({ message }) => message.topic === `zigbee2mqtt/${lamp}/get`)
    expect(sent && fieldsOf(sent.message)).toEqual({ state: '', brightness: '' })
  })
})

it('takes a report of the device for the response, since a state names no request', () => {
  inWorld(({ broker, advance, record }) => {
    const get = record(getState$(broker.link(), 'sensor', ['temperature']))
    advance(20)
    broker.publish({ topic: 'zigbee2mqtt/sensor', payload: frame({ battery: 90 }) })
    advance(20)
    expect(get.values).toEqual([{ battery: 90 }])
  })
})

it('skips a retained state, which is older than the request', () => {
  inWorld(({ broker, advance, record }) => {
    broker.publish({ topic: 'zigbee2mqtt/sensor', payload: frame({ temperature: 1 }), retain: true })
    const state = record(deviceState$(broker.link(), 'sensor'))
    const get = record(getState$(broker.link(), 'sensor', ['temperature'], { timeout: 100 }))
    advance(20)
    expect(state.values).toEqual([{ temperature: 1 }])
    expect(get.values).toEqual([])
    advance(100)
    expect(get.error()).toMatchObject({ code: 'timeout', endpoint: 'zigbee2mqtt get' })
  })
})

it('fails a get if the next message on the topic is not a state', () => {
  inWorld(({ broker, advance, record }) => {
    const get = record(getState$(broker.link(), 'sensor', ['temperature']))
    advance(20)
    broker.publish({ topic: 'zigbee2mqtt/sensor', payload: bytes('[]') })
    advance(20)
    expect(get.error()).toMatchObject({ code: 'decode' })
  })
})

it('emits states, and reports messages that are none', () => {
  inWorld(({ broker, advance, record }) => {
    const ignored: string[] = []
    const onIgnored = ({ payload }: { readonly payload: Uint8Array }): void =>
      void ignored.push(new TextDecoder().decode(payload))
    const bridge = localBridge(broker.link(), { devices })
    record(bridge.served$)
    const states = record(deviceState$(broker.link(), lamp, { onIgnored }))
    const others = record(deviceState$(broker.link(), lamp))
    advance(20)
    bridge.change(lamp, { brightness: 7 })
    for (const text of ['', '{', 'null', '[]', '"ON"'])
      broker.publish({ topic: `zigbee2mqtt/${lamp}`, payload: bytes(text) })
    advance(20)
    expect(states.values).toEqual([devices[lamp], { state: 'OFF', brightness: 7 }])
    expect(others.values).toEqual(states.values)
    expect(ignored).toEqual(['', '{', 'null', '[]', '"ON"'])
  })
})

it('uses braces and the base topic literally', () => {
  inWorld(({ broker, advance, record }) => {
    const options = { baseTopic: 'home/zigbee' }
    record(localBridge(broker.link(), { ...options, devices: { 'a{b}': { state: 'ON' } } }).served$)
    advance(20)
    const get = record(getState$(broker.link(), 'a{b}', ['state'], options))
    const online = record(deviceOnline$(broker.link(), 'a{b}', options))
    const bridge = record(bridgeOnline$(broker.link(), options))
    advance(20)
    expect(get.values).toEqual([{ state: 'ON' }])
    expect(online.values).toEqual([true])
    expect(bridge.values).toEqual([true])
  })
})

it('announces whether the bridge and its devices are online', () => {
  inWorld(({ broker, advance, record }) => {
    const local = localBridge(broker.link(), { devices })
    const running = record(local.served$)
    advance(20)
    const bridge = record(bridgeOnline$(broker.link()))
    const device = record(deviceOnline$(broker.link(), lamp))
    advance(20)
    local.setOnline(lamp, false)
    running.stop()
    advance(20)
    expect(bridge.values).toEqual([true, false])
    expect(device.values).toEqual([true, false])
  })
})

it('reads availability as JSON and as the text of older versions, and ignores anything else', () => {
  inWorld(({ broker, advance, record }) => {
    const online = record(deviceOnline$(broker.link(), lamp))
    advance(20)
    for (const text of [
      'online',
      '{"state":"offline"}',
      'maybe',
      '',
      '[]',
      '{"state":1}',
      '{"state":"online"}',
      'offline',
    ])
      broker.publish({ topic: `zigbee2mqtt/${lamp}/availability`, payload: bytes(text) })
    advance(20)
    expect(online.values).toEqual([true, false, true, false])
  })
})

it('ends the local bridge with the error of an invalid name', () => {
  inWorld(({ broker, advance, record }) => {
    const link = broker.link()
    const served = record(localBridge(link, { devices: { 'bad#name': {} } }).served$)
    advance(20)
    expect(served.error()).toMatchObject({ code: 'invalid-argument' })
  })
})

it('completes the local bridge when the link is closed', () => {
  inWorld(({ broker, advance, record }) => {
    const link = broker.link()
    let isComplete = false
    record(localBridge(link).served$.pipe(tap({ complete: () => (isComplete = true) })))
    advance(20)
    expect(isComplete).toBe(false)
    void link.close()
    advance(20)
    expect(isComplete).toBe(true)
  })
})

describe('the local bridge, like Zigbee2MQTT', () => {
  it('publishes nothing for attributes that the device does not have, and changes the others', () => {
    inWorld(({ broker, advance, record }) => {
      const bridge = localBridge(broker.link(), { devices })
      record(bridge.served$)
      advance(20)
      const states = record(deviceState$(broker.link(), lamp))
      advance(20)
      const publish = (topic: string, fields: object): void =>
        void broker.publish({ topic: `zigbee2mqtt/${lamp}/${topic}`, payload: frame(fields) })
      publish('set', { color: 'red' })
      publish('set', {})
      publish('get', { color: '' })
      publish('get', {})
      advance(20)
      expect(states.values).toEqual([])
      publish('set', { color: 'red', brightness: 7 })
      advance(20)
      expect(states.values).toEqual([{ state: 'OFF', brightness: 7 }])
      expect(bridge.state(lamp)).toEqual({ state: 'OFF', brightness: 7 })
    })
  })

  it('reads the state as text in any case, toggles it, and takes an attribute from the topic', () => {
    inWorld(({ broker, advance, record }) => {
      record(localBridge(broker.link(), { devices }).served$)
      advance(20)
      const states = record(deviceState$(broker.link(), lamp).pipe(map(({ state }) => state)))
      const others = record(deviceState$(broker.link(), lamp).pipe(map(({ brightness }) => brightness)))
      advance(20)
      for (const [topic, text] of [
        ['set', 'ON'],
        ['set', '{"state":"toggle"}'],
        ['set', '{"state":"on"}'],
        ['set/state', 'toggle'],
        ['set/brightness', '7'],
        ['get/state', ''],
        ['set', 'warm'],
        ['set', '"ON"'],
        ['set', '{'],
        ['set', 'null'],
        ['set', '[]'],
        ['set/color', 'red'],
      ] as const)
        broker.publish({ topic: `zigbee2mqtt/${lamp}/${topic}`, payload: bytes(text) })
      advance(20)
      expect(states.values).toEqual(['ON', 'OFF', 'ON', 'OFF', 'OFF', 'OFF'])
      expect(others.values).toEqual([100, 100, 100, 100, 7, 7])
    })
  })

  it('publishes the states of its devices when it starts', () => {
    inWorld(({ broker, advance, record }) => {
      const states = record(deviceState$(broker.link(), lamp))
      advance(20)
      record(localBridge(broker.link(), { devices: { ...devices, unknown: {} } }).served$)
      const unknown = record(deviceState$(broker.link(), 'unknown'))
      advance(20)
      expect(states.values).toEqual([devices[lamp]])
      expect(unknown.values).toEqual([])
    })
  })

  it('leaves the availability of its devices as it is when it stops', () => {
    inWorld(({ broker, advance, record }) => {
      const running = record(localBridge(broker.link(), { devices }).served$)
      advance(20)
      const bridge = record(bridgeOnline$(broker.link()))
      const device = record(deviceOnline$(broker.link(), lamp))
      advance(20)
      running.stop()
      advance(20)
      expect(bridge.values).toEqual([true, false])
      expect(device.values).toEqual([true])
    })
  })
})
