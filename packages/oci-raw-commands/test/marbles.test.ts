import { text } from '@antiphon/core'
import { marbles } from '@antiphon/testing'
import { delay, filter, map, of } from 'rxjs'
import { describe, it } from 'vitest'
import { onCommand, runDevice, serveCommands } from '../src/index.js'

const device = { clientId: 'lamp', clean: false, protocolVersion: 4 } as const
const command = (payload: unknown, topic = 'iot/v1/cmd') => ({ topic, payload, qos: 1 as const })
const acknowledged = (time: number) => ({
  payload: `{"status": "acknowledged", "time": ${time}}`,
  qos: 1 as const,
})

describe('runDevice and serveCommands in marbles', () => {
  it(
    'sends telemetry, responds to a malformed command, and stops on a shutdown command',
    marbles(({ link, publish, expectPublished, expectObservable }) => {
      const events$ = runDevice(link(device), { messagePeriod: 3, shutdownDelay: 2 }).pipe(
        map(({ event }) => event),
        filter((event) => event === 'sending' || event === 'stopping'),
      )
      publish('                             -p-----s---', {
        p: command('[1]'),
        s: command({ shutdown: true }),
      })
      expectObservable(events$).toBe('        t--t--ts-|', { t: 'sending', s: 'stopping' })
      expectPublished('iot/v1/mqtt').toBe(' t--t--t----', { t: { qos: 1 } })
      expectPublished('iot/v1/rsp').toBe('  -x-----y---', { x: acknowledged(1), y: acknowledged(7) })
    }),
  )

  it(
    'responds to commands on one /cmd in order, and to keyed commands concurrently',
    marbles(({ link, publish, expectPublished }) => {
      const lamp = link(device)
      const slow = ['iot/v1/cmd', 'iot/v1/cmd/{key}'].map((topic) =>
        onCommand({ topic, request: text, response: text }, ({ value }) =>
          of(value).pipe(delay(Number(value), lamp.scheduler)),
        ),
      )
      serveCommands(lamp, { handlers: slow }).subscribe()
      publish('                            -abcd-----', {
        a: command('5'),
        b: command('1'),
        c: command('5', 'iot/v1/cmd/c'),
        d: command('1', 'iot/v1/cmd/d'),
      })
      expectPublished('iot/v1/rsp').toBe('  ------ab--', { a: '5', b: '1' })
      expectPublished('iot/v1/rsp/+').toBe('-----d--c-', { c: '5', d: '1' })
    }),
  )

  it(
    'responds after a reconnect to a command published while the device was offline',
    marbles(({ broker, link, publish, expectPublished }) => {
      serveCommands(link(device)).subscribe()
      broker.play('                       --x-----r---', { clientId: 'lamp' })
      publish('                           -a---b------', { a: command('{}'), b: command('{}') })
      expectPublished('iot/v1/rsp').toBe('-x------y---', { x: acknowledged(1), y: acknowledged(8) })
    }),
  )
})
