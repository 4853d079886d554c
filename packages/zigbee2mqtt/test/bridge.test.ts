import { ApplicationError, json } from '@antiphon/core'
import { bridgeEndpoint, callBridge, callBridge$ } from '@antiphon/zigbee2mqtt'
import { localBridge, type LocalBridgeOptions } from '@antiphon/zigbee2mqtt/local'
import * as t from 'io-ts'
import { of, throwError } from 'rxjs'
import { expect, it } from 'vitest'
import { fieldsOf, frame } from './frame.js'
import { permitJoin, rename } from './requests.js'
import { inWorld } from './world.js'

const requests: LocalBridgeOptions['requests'] = {
  permit_join: (call) => of({ time: call['time'] }),
  'device/rename': () =>
    throwError(() => new ApplicationError({ code: 'unknown', message: "Device 'lamp' does not exist" })),
}

it('sends a request to the bridge and emits its data', () => {
  inWorld(({ broker, advance, record }) => {
    record(localBridge(broker.link(), { requests }).served$)
    advance(20)
    const call = record(callBridge$(broker.link(), permitJoin, { time: 60 }))
    advance(20)
    expect(call.values).toEqual([{ time: 60 }])
  })
})

it('sends the parameters and a transaction, under a base topic with braces and several levels', () => {
  inWorld(({ broker, advance, record }) => {
    const options = { baseTopic: 'home/{z}' }
    const published = record(broker.published$)
    record(localBridge(broker.link(), { ...options, requests }).served$)
    advance(20)
    const call = record(callBridge$(broker.link(), permitJoin, { time: 60 }, options))
    advance(20)
    expect(call.values).toEqual([{ time: 60 }])
    const sent = published.values.find(({ message }) => message.topic.endsWith('request/permit_join'))
    expect(sent?.message.topic).toBe('home/{z}/bridge/request/permit_join')
    expect(sent && fieldsOf(sent.message)).toEqual({ time: 60, transaction: expect.any(String) as string })
  })
})

it('fails with the text of the error that the bridge reports', () => {
  inWorld(({ broker, advance, record }) => {
    record(localBridge(broker.link(), { requests }).served$)
    advance(20)
    const call = record(callBridge$(broker.link(), rename, { from: 'lamp', to: 'light' }))
    advance(20)
    expect(call.error()).toMatchObject({
      code: 'status',
      status: { code: 500, message: "Device 'lamp' does not exist" },
    })
  })
})

it('fails data that does not decode, and names the request', () => {
  inWorld(({ broker, advance, record }) => {
    record(localBridge(broker.link(), { requests: { permit_join: () => of({ time: 'long' }) } }).served$)
    advance(20)
    const call = record(callBridge$(broker.link(), permitJoin, { time: 60 }))
    advance(20)
    expect(call.error()).toMatchObject({
      code: 'decode',
      message: expect.stringMatching(/^\[decode\] permit_join: .*\$\.time/) as string,
    })
  })
})

it('fails data that is null if the request returns an object', () => {
  inWorld(({ broker, advance, record }) => {
    record(localBridge(broker.link(), { requests: { permit_join: () => of(null) } }).served$)
    advance(20)
    const call = record(callBridge$(broker.link(), permitJoin, { time: 60 }))
    advance(20)
    expect(call.error()).toMatchObject({ code: 'decode' })
  })
})

it.each([
  [permitJoin, {}],
  [{ ...permitJoin, params: json(t.array(t.number)) }, [60]],
])('fails parameters that do not encode to an object before anything is sent', (request, params) => {
  inWorld(({ broker, advance, record }) => {
    const published = record(broker.published$)
    const call = record(callBridge$(broker.link(), request as typeof permitJoin, params as never))
    advance(20)
    expect(call.error()).toMatchObject({ code: 'encode' })
    expect(published.values).toEqual([])
  })
})

it('ignores responses to others, and responses that report neither data nor an error', () => {
  inWorld(({ broker, advance, record }) => {
    const call = record(callBridge$(broker.link(), permitJoin, { time: 60 }, { timeout: 100 }))
    advance(20)
    for (const response of [
      { status: 'ok', data: { time: 1 } },
      { status: 'ok', data: { time: 1 }, transaction: 'of-another-program' },
      { status: 'ok', transaction: 1 },
      { status: 'error', transaction: 1 },
      { status: 'done', data: {}, transaction: 1 },
    ])
      broker.publish({ topic: 'zigbee2mqtt/bridge/response/permit_join', payload: frame(response) })
    advance(100)
    expect(call.values).toEqual([])
    expect(call.error()).toMatchObject({ code: 'timeout', endpoint: 'zigbee2mqtt' })
  })
})

it('does not answer a request that the bridge does not know', () => {
  inWorld(({ broker, advance, record }) => {
    record(localBridge(broker.link()).served$)
    advance(20)
    const call = record(callBridge$(broker.link(), permitJoin, { time: 60 }, { timeout: 100 }))
    advance(120)
    expect(call.error()).toMatchObject({ code: 'timeout' })
  })
})

it('answers requests without a transaction by responses without one', () => {
  inWorld(({ broker, advance, record }) => {
    const published = record(broker.published$)
    const failing = { ...requests, restart: () => throwError(() => new Error('secret')) }
    record(localBridge(broker.link(), { requests: failing }).served$)
    advance(20)
    const publish = (name: string, text: string): void =>
      void broker.publish({
        topic: `zigbee2mqtt/bridge/request/${name}`,
        payload: new TextEncoder().encode(text),
      })
    publish('permit_join', '{"time":60}')
    publish('device/rename', '{"from":"lamp","to":"light"}')
    publish('restart', '{}')
    publish('permit_join', '60')
    publish('permit_join', '{')
    advance(20)
    const responses = published.values.filter(({ message }) => message.topic.includes('/response/'))
    expect(responses.map(({ message }) => [message.topic, fieldsOf(message)])).toEqual([
      ['zigbee2mqtt/bridge/response/permit_join', { data: { time: 60 }, status: 'ok' }],
      [
        'zigbee2mqtt/bridge/response/device/rename',
        { data: {}, error: "Device 'lamp' does not exist", status: 'error' },
      ],
      ['zigbee2mqtt/bridge/response/restart', { data: {}, error: 'the handler failed', status: 'error' }],
      ['zigbee2mqtt/bridge/response/permit_join', expect.objectContaining({ data: {}, status: 'error' })],
      ['zigbee2mqtt/bridge/response/permit_join', expect.objectContaining({ data: {}, status: 'error' })],
    ])
  })
})

it('resolves with the data as a promise', async () => {
  const { createBroker } = await import('@antiphon/broker')
  const broker = createBroker()
  localBridge(broker.link(), { requests }).served$.subscribe()
  await expect(callBridge(broker.link(), permitJoin, { time: 60 })).resolves.toEqual({ time: 60 })
  await broker.close()
})

it('has the name of the platform in errors', () => {
  expect(bridgeEndpoint().name).toBe('zigbee2mqtt')
})
