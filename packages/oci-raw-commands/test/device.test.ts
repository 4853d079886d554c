import { json, text, type Link, type OutgoingMessage } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { linkOver } from '@antiphon/core/link'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import fc from 'fast-check'
import * as t from 'io-ts'
import { delay, of, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import {
  demoLine,
  isShutdown,
  onCommand,
  runDevice,
  serveCommands,
  type DeviceEvent,
  type DeviceOptions,
} from '../src/index.js'

const toText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** A device and its broker on virtual time. `at` runs a function at a time in milliseconds. */
interface World {
  readonly broker: VirtualBroker
  readonly link: Link
  readonly seen: OutgoingMessage[]
  readonly at: (time: number, work: () => void) => void
  readonly now: () => number
  readonly command: (topic: string, payload: string | Uint8Array) => void
  readonly run: (options?: DeviceOptions) => {
    readonly events: DeviceEvent[]
    readonly end: { time?: number }
  }
  readonly settle: () => void
}

/** Runs a test with a `World` in a `TestScheduler`. */
function inWorld(test: (world: World) => void): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(({ flush }) => {
    const broker = virtualBroker({ scheduler })
    const transport = broker.transport({ clientId: 'device', protocolVersion: 4, clean: false })
    const link = linkOver(transport, { scheduler })
    const seen: OutgoingMessage[] = []
    broker.published$.subscribe(({ message, clientId }) => clientId !== undefined && seen.push(message))
    test({
      broker,
      link,
      seen,
      now: () => scheduler.now(),
      at: (time, work) => void scheduler.schedule(work, time),
      command: (topic, payload) =>
        broker.publish({ topic, payload: typeof payload === 'string' ? toUtf8(payload) : payload, qos: 1 }),
      run: (options) => {
        const events: DeviceEvent[] = []
        const end: { time?: number } = {}
        runDevice(link, options).subscribe({
          next: (event) => events.push(event),
          complete: () => (end.time = scheduler.now()),
        })
        return { events, end }
      },
      settle: flush,
    })
  })
}

describe('telemetry', () => {
  it('sends numbered telemetry at QoS 1 every 10 s', () => {
    inWorld(({ run, seen, at, settle, command }) => {
      run()
      at(25_000, () => command('iot/v1/cmd', '{"shutdown":true}'))
      settle()
      const samples = seen.filter(({ topic }) => topic === 'iot/v1/mqtt')
      expect(samples.map(({ payload, qos }) => [toText(payload), qos])).toEqual(
        [0, 10_000, 20_000].map((ms, index) => [
          `{"time":${ms * 1_000},"sht_temperature":23.8,"qmp_temperature":24.4,"humidity":56.1,"pressure":1012.2,"count":${index + 1}}`,
          1,
        ]),
      )
    })
  })

  it('awaits each telemetry message and continues after a reconnect without gaps in its numbers', () => {
    inWorld(({ run, seen, at, settle, broker, command }) => {
      const { events } = run()
      at(5_000, () => broker.down())
      at(65_000, () => broker.up())
      at(99_000, () => command('iot/v1/cmd', '{"shutdown":true}'))
      settle()
      const counts = seen
        .filter(({ topic }) => topic === 'iot/v1/mqtt')
        .map(({ payload }) => (JSON.parse(toText(payload)) as { count: number }).count)
      expect(counts).toEqual(counts.map((_, index) => index + 1))
      expect(counts.length).toBeGreaterThan(2)
      expect(counts.length).toBeLessThan(7)
      expect(events.filter(({ event }) => event === 'connected')).toHaveLength(2)
    })
  })
})

describe('commands', () => {
  const responsesTo = (
    commands: readonly (readonly [topic: string, payload: string | Uint8Array])[],
  ): unknown[] => {
    const responses: unknown[] = []
    inWorld(({ link, command, at, seen, settle, broker }) => {
      serveCommands(link).subscribe()
      at(1_753, () => commands.forEach(([topic, payload]) => command(topic, payload)))
      settle()
      expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
      responses.push(...seen.map(({ topic, payload }) => [topic, toText(payload)]))
    })
    return responses
  }
  const acknowledged = '{"status": "acknowledged", "time": 1753}'

  it('responds to a command on …/cmd on …/rsp', () => {
    expect(responsesTo([['iot/v1/cmd', '{"hello":"world"}']])).toEqual([['iot/v1/rsp', acknowledged]])
  })

  it('responds to a keyed command on <base>/cmd/<key…> on <base>/rsp/<key…>', () => {
    expect(responsesTo([['iot/v1/cmd/42/a', 'x']])).toEqual([['iot/v1/rsp/42/a', acknowledged]])
  })

  it('responds once to commands that are not JSON objects or not JSON or not UTF-8', () => {
    const payloads = [
      '[1]',
      '7',
      '"x"',
      'null',
      '',
      '{',
      '{"shutdown":false}',
      '{"__proto__":1}',
      Uint8Array.of(0xff, 0xfe),
    ]
    expect(responsesTo(payloads.map((payload) => ['iot/v1/cmd', payload]))).toEqual(
      payloads.map(() => ['iot/v1/rsp', acknowledged]),
    )
  })

  it('responds to commands with arbitrary payloads', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (payload) => {
        expect(responsesTo([['iot/v1/cmd', payload]])).toEqual([['iot/v1/rsp', acknowledged]])
      }),
      { numRuns: 50 },
    )
  })

  it('serves a queued command that arrives before serveCommands subscribes', () => {
    inWorld(({ broker, link, seen, command, at, settle }) => {
      serveCommands(link).subscribe()
      const again = linkOver(broker.transport({ clientId: 'device', protocolVersion: 4, clean: false }), {
        scheduler: link.scheduler,
      })
      at(10, () => void link.close())
      at(20, () => command('iot/v1/cmd', '{"n":1}'))
      at(30, () => again.state$.subscribe())
      at(2_000, () => serveCommands(again).subscribe())
      settle()
      expect(seen.map(({ topic }) => topic)).toEqual(['iot/v1/rsp'])
      expect(broker.session('device')).toMatchObject({ isConnected: true, unacknowledged: [], queued: [] })
    })
  })

  it('responds with the value of a typed handler, and with status failed if it throws or cannot decode', () => {
    inWorld(({ link, command, at, seen, settle }) => {
      const lamp = onCommand(
        {
          topic: 'iot/v1/cmd/lamp/{id}',
          request: json(t.type({ on: t.boolean })),
          response: json(t.type({ lamp: t.string, on: t.boolean })),
        },
        ({ value: { on }, params: { id } }) => of({ lamp: id, on }),
      )
      const broken = onCommand({ topic: 'iot/v1/cmd/broken', request: text, response: text }, () =>
        throwError(() => new Error('secret')),
      )
      serveCommands(link, { handlers: [lamp, broken] }).subscribe()
      at(9, () => {
        command('iot/v1/cmd/lamp/7', '{"on":true}')
        command('iot/v1/cmd/lamp/8', '{"on":1}')
        command('iot/v1/cmd/broken', '')
        command('iot/v1/cmd/other', '')
      })
      settle()
      expect(seen.map(({ topic, payload }) => [topic, toText(payload)])).toEqual([
        ['iot/v1/rsp/lamp/7', '{"lamp":"7","on":true}'],
        [
          'iot/v1/rsp/lamp/8',
          expect.stringMatching(/^\{"status":"failed","error":".*on: expected boolean, found 1"\}$/),
        ],
        ['iot/v1/rsp/broken', expect.stringMatching(/^\{"status":"failed","error":"(?!.*secret).*"\}$/)],
        ['iot/v1/rsp/other', '{"status": "acknowledged", "time": 9}'],
      ])
    })
  })

  it.each(['/iot', 'iot//v1', '+/+', '/'])('responds below the base %s, also with empty levels', (base) => {
    inWorld(({ link, command, at, seen, settle }) => {
      serveCommands(link, { base }).subscribe()
      const below = base.replaceAll('+', 'a')
      at(1, () => command(`${below}/cmd`, '{}'))
      at(2, () => command(`${below}/cmd/key//last`, '{}'))
      settle()
      expect(seen.map(({ topic }) => topic)).toEqual([`${below}/rsp`, `${below}/rsp/key//last`])
    })
  })

  it('responds to commands on one /cmd topic in order, whatever their handlers take', () => {
    inWorld(({ link, command, at, seen, settle }) => {
      const slow = onCommand({ topic: 'iot/v1/cmd', request: text, response: text }, ({ value }) =>
        of(value).pipe(delay(Number(value), link.scheduler)),
      )
      serveCommands(link, { handlers: [slow] }).subscribe()
      at(1, () => ['30', '20', '10'].forEach((wait) => command('iot/v1/cmd', wait)))
      settle()
      expect(seen.map(({ payload }) => toText(payload))).toEqual(['30', '20', '10'])
    })
  })
})

describe('shutdown', () => {
  it('stops telemetry on {"shutdown":true}, responds to it, acknowledges it, and disconnects', () => {
    inWorld(({ run, seen, at, settle, command, broker }) => {
      const { events, end } = run()
      at(1_000, () => command('iot/v1/cmd', '{"shutdown":false}'))
      at(12_000, () => command('iot/v1/cmd', '{"shutdown":true}'))
      settle()
      expect(events.map(demoLine).filter((line) => line !== undefined)).toEqual([
        'Sending message #1',
        'Connected with result code Success',
        'Received command on iot/v1/cmd: {"shutdown":false}',
        'Sending ack to iot/v1/rsp: {"status": "acknowledged", "time": 1000}',
        'Sending message #2',
        'Received command on iot/v1/cmd: {"shutdown":true}\nShutdown command received. Preparing to exit...',
        'Sending ack to iot/v1/rsp: {"status": "acknowledged", "time": 12000}',
        'Waiting 2 seconds to process possible /cmd messages...',
      ])
      expect(seen.filter(({ topic }) => topic === 'iot/v1/rsp')).toHaveLength(2)
      expect(end.time).toBe(14_000)
      expect(broker.session('device')).toMatchObject({ isConnected: false, unacknowledged: [] })
      expect(broker.counts().packets.disconnect).toBe(1)
    })
  })

  it('serves running and new commands for 2 s after a shutdown, then disconnects', () => {
    inWorld(({ run, seen, at, settle, command, link }) => {
      const slow = onCommand(
        { topic: 'iot/v1/cmd/{wait}', request: text, response: text },
        ({ params: { wait } }) => of(wait).pipe(delay(Number(wait), link.scheduler)),
      )
      const { end } = run({ handlers: [slow] })
      at(1_000, () => {
        command('iot/v1/cmd/1500', '')
        command('iot/v1/cmd/9000', '')
      })
      at(1_001, () => command('iot/v1/cmd', '{"shutdown":true}'))
      at(2_500, () => command('iot/v1/cmd/100', ''))
      settle()
      expect(seen.map(({ topic }) => topic)).toContain('iot/v1/rsp/1500')
      expect(seen.map(({ topic }) => topic)).toContain('iot/v1/rsp/100')
      expect(seen.map(({ topic }) => topic)).not.toContain('iot/v1/rsp/9000')
      expect(end.time).toBe(3_001)
    })
  })

  it.each([
    ['{"shutdown":true}', true],
    ['{"shutdown":true,"why":"late"}', true],
    ['{"shutdown":false}', false],
    ['{"shutdown":"true"}', false],
    ['[{"shutdown":true}]', false],
    ['shutdown', false],
  ])('isShutdown for %s: %s', (payload, expected) => {
    expect(isShutdown(toUtf8(payload))).toBe(expected)
  })

  it('shuts the device down when stop$ emits', () => {
    inWorld(({ run, settle, at, link, broker }) => {
      const { events, end } = run({ stop$: of('SIGINT').pipe(delay(15_000, link.scheduler)) })
      at(0, () => undefined)
      settle()
      expect(events.map(demoLine).at(-1)).toBe(
        '\nInterrupted by user. Exiting...\nWaiting 2 seconds to process possible /cmd messages...',
      )
      expect(end.time).toBe(17_000)
      expect(broker.session('device')).toMatchObject({ isConnected: false })
    })
  })
})

describe('serveCommands', () => {
  it('keeps its subscription on a shutdown, so that commands wait for its next start', () => {
    inWorld(({ run, at, settle, command, broker, link, seen }) => {
      const { end } = run()
      at(1_000, () => command('iot/v1/cmd', '{"shutdown":true}'))
      at(10_000, () => command('iot/v1/cmd/late', 'x'))
      at(20_000, () => {
        expect(broker.sessions()).toMatchObject([{ subscriptions: [{ filter: 'iot/v1/cmd/#' }] }])
        const transport = broker.transport({ clientId: 'device', protocolVersion: 4, clean: false })
        const again = linkOver(transport, { scheduler: link.scheduler })
        serveCommands(again).subscribe()
        at(21_000, () => void again.close())
      })
      settle()
      expect(end.time).toBeLessThan(10_000)
      expect(seen.map(({ topic }) => topic)).toContain('iot/v1/rsp/late')
    })
  })

  it('rejects a base with # that would match the responses', () => {
    inWorld(({ link }) => {
      expect(() => serveCommands(link, { base: '#' })).toThrow(/base is "#": it must not contain #/)
    })
  })
})
