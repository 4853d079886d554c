import { AntiphonError, ApplicationError, json } from '@antiphon/core'
import {
  callMethod,
  callMethod$,
  notifications$,
  online$,
  shellyRpc,
  status$,
  type ShellyMethod,
} from '@antiphon/shelly'
import { localDevice, type LocalDeviceOptions } from '@antiphon/shelly/local'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import * as t from 'io-ts'
import { of, throwError, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { expect, it } from 'vitest'
import { frame } from './frame.js'

const device = 'shellyplus1-a8032abe54dc'
const options = { device, source: 'hub' }
const Set = t.type({ id: t.number, on: t.boolean })
const setSwitch: ShellyMethod<t.TypeOf<typeof Set>, { readonly was_on: boolean }> = {
  name: 'Switch.Set',
  params: json(Set),
  result: json(t.type({ was_on: t.boolean })),
}

const lamp: LocalDeviceOptions = {
  device,
  status: { 'switch:0': { id: 0, output: false, apower: 0 }, sys: { uptime: 4 } },
  methods: {
    'Switch.Set': (params, { status, change }) => {
      if (!Set.is(params))
        return throwError(() => new ApplicationError({ code: '-103', message: 'Missing argument' }))
      const { output } = status()[`switch:${params.id}`] as { readonly output: boolean }
      change({ 'switch:0': { output: params.on } })
      return of({ was_on: output })
    },
  },
}

interface World {
  readonly broker: VirtualBroker
  readonly advance: (milliseconds: number) => void
  readonly record: <T>(stream$: Observable<T>) => Recording<T>
}

interface Recording<T> {
  readonly values: readonly T[]
  readonly error: () => AntiphonError | undefined
  readonly stop: () => void
}

function inWorld(test: (world: World) => void): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    const advance = (milliseconds: number): void => {
      scheduler.maxFrames = scheduler.now() + milliseconds
      scheduler.schedule(() => undefined, milliseconds)
      scheduler.flush()
    }
    const record = <T>(stream$: Observable<T>): Recording<T> => {
      const values: T[] = []
      let error: AntiphonError | undefined
      const subscription = stream$.subscribe({
        next: (value) => values.push(value),
        error: (thrown: unknown) => (error = AntiphonError.from(thrown)),
      })
      return { values, error: () => error, stop: () => subscription.unsubscribe() }
    }
    test({ broker: virtualBroker({ scheduler }), advance, record })
    scheduler.maxFrames = scheduler.frame
  })
}

it('calls a method and emits its result', () => {
  inWorld(({ broker, advance, record }) => {
    record(localDevice(broker.link(), lamp).served$)
    advance(20)
    const call = record(callMethod$(broker.link(), setSwitch, { id: 0, on: true }, options))
    advance(20)
    expect(call.values).toEqual([{ was_on: false }])
  })
})

it('fails with the code and message that the device reports', () => {
  inWorld(({ broker, advance, record }) => {
    record(localDevice(broker.link(), lamp).served$)
    advance(20)
    const unknown = { ...setSwitch, name: 'Cover.Open' }
    const call = record(callMethod$(broker.link(), unknown, { id: 0, on: true }, options))
    advance(20)
    expect(call.error()).toMatchObject({
      code: 'status',
      status: { code: 404, message: 'No handler for Cover.Open' },
    })
  })
})

it('fails a result that does not decode, and names the method', () => {
  inWorld(({ broker, advance, record }) => {
    const methods = { 'Switch.Set': () => of({ was_on: 'yes' }) }
    record(localDevice(broker.link(), { device, methods }).served$)
    advance(20)
    const call = record(callMethod$(broker.link(), setSwitch, { id: 0, on: true }, options))
    advance(20)
    expect(call.error()).toMatchObject({
      code: 'decode',
      message: expect.stringMatching(/^\[decode\] Switch\.Set: .*\$\.was_on/) as string,
    })
  })
})

it('fails parameters that do not encode before anything is sent', () => {
  inWorld(({ broker, advance, record }) => {
    const published = record(broker.published$)
    const call = record(callMethod$(broker.link(), setSwitch, { id: 0 } as never, options))
    advance(20)
    expect(call.error()).toMatchObject({ code: 'encode' })
    expect(published.values).toEqual([])
  })
})

it('emits the whole status first, then each change', () => {
  inWorld(({ broker, advance, record }) => {
    const local = localDevice(broker.link(), lamp)
    record(local.served$)
    advance(20)
    const status = record(status$(broker.link(), options))
    advance(20)
    local.change({ 'switch:0': { output: true } })
    local.change({ wifi: { rssi: -60 } })
    advance(20)
    expect(status.values).toEqual([
      { 'switch:0': { id: 0, output: false, apower: 0 }, sys: { uptime: 4 } },
      { 'switch:0': { id: 0, output: true, apower: 0 }, sys: { uptime: 4 } },
      { 'switch:0': { id: 0, output: true, apower: 0 }, sys: { uptime: 4 }, wifi: { rssi: -60 } },
    ])
  })
})

it('takes a full status for all that is known', () => {
  inWorld(({ broker, advance, record }) => {
    const status = record(status$(broker.link(), options))
    advance(20)
    const publish = (method: string, params: object): void =>
      void broker.publish({ topic: `${device}/events/rpc`, payload: frame({ src: device, method, params }) })
    publish('NotifyStatus', { ts: 1, sys: { uptime: 1 } })
    publish('NotifyFullStatus', { ts: 2, sys: { uptime: 2 } })
    publish('NotifyEvent', { ts: 3, events: [] })
    publish('NotifyStatus', { ts: 4, sys: { uptime: 4 } })
    advance(20)
    expect(status.values).toEqual([{ sys: { uptime: 2 } }, { sys: { uptime: 4 } }])
  })
})

it('emits events, and reports messages that are no notification', () => {
  inWorld(({ broker, advance, record }) => {
    const ignored: string[] = []
    const onIgnored = ({ payload }: { readonly payload: Uint8Array }): void =>
      void ignored.push(new TextDecoder().decode(payload))
    const notifications = record(notifications$(broker.link(), device, { onIgnored }))
    advance(20)
    const local = localDevice(broker.link(), lamp)
    const pushed = {
      method: 'NotifyEvent',
      params: { ts: 7, events: [{ component: 'input:0', event: 'single_push' }] },
    }
    local.notify(pushed)
    for (const text of ['{', '[]', 'null', '{"method":1}', '{"method":"NotifyStatus","params":[]}'])
      broker.publish({ topic: `${device}/events/rpc`, payload: new TextEncoder().encode(text) })
    advance(20)
    expect(notifications.values).toMatchObject([pushed])
    expect(ignored).toHaveLength(5)
  })
})

it('announces whether the device is online', () => {
  inWorld(({ broker, advance, record }) => {
    const device$ = localDevice(broker.link(), lamp).served$
    const running = record(device$)
    advance(20)
    const online = record(online$(broker.link(), device))
    advance(20)
    running.stop()
    advance(20)
    broker.publish({ topic: `${device}/online`, payload: new TextEncoder().encode('maybe') })
    advance(20)
    expect(online.values).toEqual([true, false])
  })
})

it('fails a response that has neither result nor error', () => {
  inWorld(({ broker, advance, record }) => {
    const call = record(
      callMethod$(broker.link(), setSwitch, { id: 0, on: true }, { ...options, timeout: 100 }),
    )
    advance(20)
    broker.publish({ topic: 'hub/rpc', payload: frame({ id: 1, src: device }) })
    advance(100)
    expect(call.error()).toMatchObject({ code: 'timeout', endpoint: 'shelly' })
  })
})

it('resolves with the result as a promise', async () => {
  const { createBroker } = await import('@antiphon/broker')
  const broker = createBroker()
  localDevice(broker.link(), lamp).served$.subscribe()
  await expect(callMethod(broker.link(), setSwitch, { id: 0, on: true }, options)).resolves.toEqual({
    was_on: false,
  })
  await broker.close()
})

it('has the name of the platform in errors', () => {
  expect(shellyRpc.name).toBe('shelly')
})
