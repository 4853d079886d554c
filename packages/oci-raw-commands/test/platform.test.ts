import { bytes, text, type Message } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import type { either } from 'fp-ts'
import { isRight } from 'fp-ts/lib/Either.js'
import { delay, mergeMap, VirtualTimeScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { onCommand, serveCommands } from '../src/index.js'
import { createPlatform } from '../src/platform/index.js'
import { door, hello, inWorld, lamp } from './world.js'

const minute = 60_000
const toText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('delivery status', () => {
  it('changes the status from PENDING to SENT on PUBACK and to COMPLETED on the response', () => {
    inWorld(({ platform, device, invoke, statusHistory, at, run }) => {
      serveCommands(device(lamp)).subscribe()
      at(5_000, () => invoke())
      run(6_000)
      const [record] = platform.records()
      expect(statusHistory(record?.id ?? '').map(([, status]) => status)).toEqual([
        'PENDING',
        'SENT',
        'COMPLETED',
      ])
      expect(platform.record(record?.id ?? '')).toMatchObject({
        request_data: { hello: 'world' },
        response_data: { status: 'acknowledged', time: 5_000 },
        time_created: '1970-01-01T00:00:05.000Z',
        time_finished: '1970-01-01T00:00:05.000Z',
      })
    })
  })

  it('sends JSON compact, text unchanged and BINARY decoded on the request endpoint', () => {
    inWorld(({ device, invoke, at, run }) => {
      const seen: string[] = []
      device(lamp)
        .messages$('iot/v1/cmd')
        .subscribe(({ payload }) => seen.push(toText(payload)))
      at(1_000, () => invoke({ requestData: { a: [1, { b: 'x y' }] } }))
      at(1_000, () => invoke({ requestData: 'as it is', requestDataFormat: 'TEXT' }))
      at(1_000, () => invoke({ requestData: 'Ynl0ZXM=', requestDataFormat: 'BINARY' }))
      run(2_000)
      expect(seen).toEqual(['{"a":[1,{"b":"x y"}]}', 'as it is', 'bytes'])
    })
  })

  it.each([
    ['never connected', undefined],
    ['has a clean session', { clean: true, sessionExpiryInterval: 0 }],
  ])('sets REFUSED if the device %s', (_, options) => {
    inWorld(({ platform, device, invoke, at, run }) => {
      if (options !== undefined) serveCommands(device(lamp, options)).subscribe()
      at(1_000, () => invoke())
      run(2_000)
      expect(platform.records()[0]).toMatchObject({ delivery_status: 'REFUSED' })
    })
  })

  it('sets REFUSED if the device is not subscribed to the endpoint', () => {
    inWorld(({ platform, device, invoke, at, run }) => {
      serveCommands(device(lamp)).subscribe()
      at(1_000, () => invoke({ requestEndpoint: 'elsewhere/cmd' }))
      run(2_000)
      expect(platform.records()[0]).toMatchObject({ delivery_status: 'REFUSED' })
    })
  })

  it('delivers a command to an offline device that reconnects within requestDuration', () => {
    inWorld(({ device, invoke, statusHistory, at, run }) => {
      const first = device(lamp)
      serveCommands(first).subscribe()
      let id = ''
      at(1_000, () => void first.close())
      at(2_000, () => (id = invoke()))
      at(9 * minute, () => serveCommands(device(lamp)).subscribe())
      run(20 * minute)
      expect(statusHistory(id)).toEqual([
        [2, 'PENDING'],
        [540, 'SENT'],
        [540, 'COMPLETED'],
      ])
    })
  })

  it('sets EXPIRED after requestDuration, and does not deliver the command later', () => {
    inWorld(({ device, invoke, statusHistory, at, run }) => {
      const first = device(lamp)
      serveCommands(first).subscribe()
      let id = ''
      const seen: Message[] = []
      at(1_000, () => void first.close())
      at(2_000, () => (id = invoke()))
      at(11 * minute, () =>
        device(lamp)
          .messages$('iot/v1/cmd/#')
          .subscribe((message) => seen.push(message)),
      )
      run(30 * minute)
      expect(statusHistory(id)).toEqual([
        [2, 'PENDING'],
        [602, 'EXPIRED'],
      ])
      expect(seen).toEqual([])
    })
  })

  it('sets SENT, not EXPIRED, if the device has the command and has not acknowledged it at the end of requestDuration', () => {
    inWorld(({ device, invoke, statusHistory, at, run }) => {
      const link = device(lamp)
      link
        .subscription$('iot/v1/cmd')
        .pipe(
          mergeMap(({ deliveries$ }) => deliveries$),
          delay(11 * minute),
        )
        .subscribe(({ acknowledge }) => {
          acknowledge()
          link.publish$({ topic: 'iot/v1/rsp', payload: toUtf8('{}') }).subscribe()
        })
      let id = ''
      at(1_000, () => (id = invoke({ responseDuration: 'PT2M' })))
      run(30 * minute)
      expect(statusHistory(id)).toEqual([
        [1, 'PENDING'],
        [601, 'SENT'],
        [661, 'COMPLETED'],
      ])
    })
  })

  it('sets NOT_RESPONDED if the device has the command and does not respond', () => {
    inWorld(({ device, invoke, statusHistory, at, run }) => {
      device(lamp)
        .subscription$('iot/v1/cmd')
        .pipe(mergeMap(({ deliveries$ }) => deliveries$))
        .subscribe()
      let id = ''
      at(1_000, () => (id = invoke({ responseDuration: 'PT2M' })))
      run(30 * minute)
      expect(statusHistory(id)).toEqual([
        [1, 'PENDING'],
        [601, 'SENT'],
        [721, 'NOT_RESPONDED'],
      ])
    })
  })

  it('delivers to the persistent session of a device while a second connection with its key looks on', () => {
    inWorld(({ device, invoke, statusHistory, at, run }) => {
      serveCommands(device(lamp)).subscribe()
      at(1_000, () => device(lamp, { clientId: 'debugger', clean: true }).messages$('other/#').subscribe())
      at(2_000, () => device(lamp, { clientId: 'second' }).messages$('other/#').subscribe())
      let id = ''
      at(3_000, () => (id = invoke()))
      run(4_000)
      expect(statusHistory(id).map(([, status]) => status)).toEqual(['PENDING', 'SENT', 'COMPLETED'])
    })
  })

  it('leaves no timer behind when it is closed', async () => {
    const timers = new VirtualTimeScheduler()
    const closing = createPlatform({ instances: [lamp], scheduler: timers })
    closing.invoke(lamp.id, hello, { retryToken: 'token' })
    await closing.close()
    expect(timers.actions.filter(({ closed }) => !closed)).toEqual([])
  })

  it('forgets a retry token after 24 hours', () => {
    inWorld(({ platform, device, at, run }) => {
      serveCommands(device(lamp)).subscribe()
      const ids: unknown[] = []
      for (const hour of [1, 24, 26])
        at(hour * 60 * minute, () => {
          const invoked = platform.invoke(lamp.id, hello, { retryToken: 'token' })
          ids.push(isRight(invoked) ? invoked.right : invoked.left)
        })
      run(27 * 60 * minute)
      expect(ids[1]).toBe(ids[0])
      expect(ids[2]).not.toBe(ids[0])
    })
  })

  it.each([
    ['PT1H30M', 5_400],
    ['P1D', 86_400],
  ])('sets NOT_RESPONDED after %s and ignores a late response', (responseDuration, seconds) => {
    inWorld(({ platform, device, invoke, statusHistory, at, run }) => {
      const link = device(lamp)
      link.messages$('iot/v1/cmd').subscribe()
      let id = ''
      at(1_000, () => (id = invoke({ responseDuration })))
      at((seconds + 2) * 1_000, () =>
        link.publish$({ topic: 'iot/v1/rsp', payload: toUtf8('{"late":true}') }).subscribe(),
      )
      run((seconds + 10) * 1_000)
      expect(statusHistory(id)).toEqual([
        [1, 'PENDING'],
        [1, 'SENT'],
        [1 + seconds, 'NOT_RESPONDED'],
      ])
      expect(platform.record(id)?.response_data).toBeNull()
    })
  })

  it('sets BAD_RESPONSE if the response to a JSON command is not JSON', () => {
    inWorld(({ platform, device, invoke, at, run }) => {
      const words = onCommand({ topic: 'iot/v1/cmd', request: text, response: text }, () => ['not JSON'])
      serveCommands(device(lamp), { handlers: [words] }).subscribe()
      at(1_000, () => {
        invoke()
        invoke({ requestDataFormat: 'TEXT', requestData: 'hello' })
      })
      run(2_000)
      expect(platform.records().map(({ delivery_status }) => delivery_status)).toEqual([
        'BAD_RESPONSE',
        'COMPLETED',
      ])
    })
  })

  it('sets BAD_RESPONSE for a response of more than 256 KiB', () => {
    inWorld(({ platform, device, invoke, at, run }) => {
      const length = ({ value }: { readonly value: string }) => [new Uint8Array(Number(value)).fill(0x31)]
      const long = onCommand({ topic: 'iot/v1/cmd', request: text, response: bytes }, length)
      serveCommands(device(lamp), { handlers: [long] }).subscribe()
      at(1_000, () => {
        for (const size of [256 * 1_024, 256 * 1_024 + 1])
          invoke({ requestDataFormat: 'TEXT', requestData: String(size) })
      })
      run(2_000)
      const statuses = platform.records().map(({ delivery_status }) => delivery_status)
      expect(statuses).toEqual(['COMPLETED', 'BAD_RESPONSE'])
    })
  })

  it('sets REJECTED if the queue for the device is full', () => {
    inWorld(({ platform, device, invoke, at, run }) => {
      const link = device(lamp)
      serveCommands(link).subscribe()
      at(1_000, () => void link.close())
      at(2_000, () => {
        const requestData = 'x'.repeat(256 * 1_024)
        for (let sent = 0; sent < 130; sent += 1) invoke({ requestDataFormat: 'TEXT', requestData })
      })
      run(3_000)
      const statuses = platform.records().map(({ delivery_status }) => delivery_status)
      expect(new Set(statuses)).toEqual(new Set(['PENDING', 'REJECTED']))
      expect(statuses.indexOf('REJECTED')).toBe(statuses.lastIndexOf('PENDING') + 1)
    })
  })

  it('sets COMPLETED on delivery without a response endpoint', () => {
    inWorld(({ platform, device, at, run }) => {
      device(lamp).messages$('iot/v1/cmd').subscribe()
      at(1_000, () =>
        platform.invoke(lamp.id, {
          requestDataFormat: 'TEXT',
          requestEndpoint: 'iot/v1/cmd',
          requestData: 'x',
        }),
      )
      run(2_000)
      expect(platform.records()[0]).toMatchObject({
        delivery_status: 'COMPLETED',
        response_endpoint: null,
        response_duration: null,
        time_finished: '1970-01-01T00:00:01.000Z',
      })
    })
  })
})

describe('correlation by endpoint', () => {
  it('matches responses on one endpoint to its pending commands in order', () => {
    inWorld(({ platform, device, invoke, at, run }) => {
      const link = device(lamp)
      link.messages$('iot/v1/cmd').subscribe()
      let ids: string[] = []
      at(1_000, () => (ids = [invoke(), invoke()]))
      for (const [time, payload] of [
        [2_000, '1'],
        [3_000, '2'],
      ] as const)
        at(time, () => link.publish$({ topic: 'iot/v1/rsp', payload: toUtf8(payload) }).subscribe())
      run(4_000)
      expect(ids.map((id) => platform.record(id)?.response_data)).toEqual([1, 2])
    })
  })

  it('matches responses on unique endpoints exactly', () => {
    inWorld(({ platform, device, invoke, at, run }) => {
      const link = device(lamp)
      link.messages$('iot/v1/cmd/#').subscribe()
      let ids: string[] = []
      at(1_000, () => {
        ids = ['a', 'b'].map((key) =>
          invoke({ requestEndpoint: `iot/v1/cmd/${key}`, responseEndpoint: `iot/v1/rsp/${key}` }),
        )
      })
      for (const [time, key] of [
        [2_000, 'b'],
        [3_000, 'a'],
      ] as const)
        at(time, () => link.publish$({ topic: `iot/v1/rsp/${key}`, payload: toUtf8(`"${key}"`) }).subscribe())
      run(4_000)
      expect(ids.map((id) => platform.record(id)?.response_data)).toEqual(['a', 'b'])
    })
  })

  it('ignores a response from another device', () => {
    inWorld(({ platform, device, invoke, at, run }) => {
      device(lamp).messages$('iot/v1/cmd').subscribe()
      const other = device(door)
      at(1_000, () => invoke())
      at(2_000, () => other.publish$({ topic: 'iot/v1/rsp', payload: toUtf8('{}') }).subscribe())
      run(3_000)
      expect(platform.records()[0]).toMatchObject({ delivery_status: 'SENT' })
    })
  })
})

describe('routing of the platform', () => {
  it('routes telemetry to no device and retains nothing', () => {
    inWorld(({ platform, device, at, run }) => {
      const received: string[] = []
      const [mine, other] = [device(lamp), device(door)]
      for (const link of [mine, other]) link.messages$('#').subscribe(({ topic }) => received.push(topic))
      const sent: string[] = []
      platform.telemetry$.subscribe(({ instanceId, message }) => sent.push(`${instanceId} ${message.topic}`))
      at(1_000, () =>
        mine.publish$({ topic: 'iot/v1/mqtt', payload: toUtf8('{}'), retain: true }).subscribe(),
      )
      run(2_000)
      expect(sent).toEqual(['ocid1.lamp iot/v1/mqtt'])
      expect(received).toEqual([])
      expect(platform.broker.retained()).toEqual([])
    })
  })

  it('delivers a command only to its device, although another device subscribes to the endpoint', () => {
    inWorld(({ device, invoke, at, run }) => {
      const received: string[] = []
      device(lamp)
        .messages$('#')
        .subscribe(() => received.push('lamp'))
      device(door)
        .messages$('#')
        .subscribe(() => received.push('door'))
      at(1_000, () => invoke())
      run(2_000)
      expect(received).toEqual(['lamp'])
    })
  })

  it('refuses a device that uses the client identifier of another device', () => {
    inWorld(({ device, at, run }) => {
      const states: string[] = []
      device(lamp).state$.subscribe()
      at(1_000, () =>
        device(door, { clientId: 'lamp-key-client' }).state$.subscribe((state) => states.push(state.status)),
      )
      run(2_000)
      expect(states.at(-1)).toBe('closed')
    })
  })
})

describe('records', () => {
  it('lists records without payloads, all or those of one instance', () => {
    inWorld(({ platform, invoke, run }) => {
      invoke()
      invoke({}, door)
      run(1_000)
      expect(platform.records()).toHaveLength(2)
      const [only, ...more] = platform.records(door.id)
      expect(more).toEqual([])
      expect(Object.keys(only ?? {})).toEqual([
        ...['id', 'digital_twin_instance_id', 'request_endpoint', 'request_data_format', 'request_duration'],
        ...['response_endpoint', 'response_duration', 'time_created', 'time_updated', 'time_finished'],
        'delivery_status',
      ])
    })
  })
})

describe('createPlatform', () => {
  it('removes the oldest finished record beyond maxRecords', () => {
    const platform = createPlatform({
      instances: [lamp],
      maxRecords: 2,
      scheduler: new TestScheduler(() => undefined),
    })
    const ids = [1, 2, 3].map(() => (platform.invoke(lamp.id, hello) as either.Right<string>).right)
    expect(platform.records().map(({ id }) => id)).toEqual(ids.slice(1))
  })

  it.each(['id', 'externalKey'] as const)('rejects two instances with the same %s', (name) => {
    const instances = [lamp, { ...door, [name]: lamp[name] }]
    expect(() => createPlatform({ instances })).toThrow(lamp[name])
  })

  it('records a response that is not UTF-8 in base64', () => {
    inWorld(({ platform, device, invoke, at, run }) => {
      const raw = onCommand({ topic: 'iot/v1/cmd', request: bytes, response: bytes }, ({ value }) => [value])
      serveCommands(device(lamp), { handlers: [raw] }).subscribe()
      at(1_000, () => invoke({ requestDataFormat: 'BINARY', requestData: '//4=' }))
      run(2_000)
      expect(platform.records().map(({ id }) => platform.record(id)?.response_data)).toEqual(['//4='])
    })
  })
})
