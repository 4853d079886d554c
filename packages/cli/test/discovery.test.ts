import type { Broker } from '@antiphon/broker'
import { endpoint, requests$, serve, text } from '@antiphon/core'
import { announceService$ } from '@antiphon/core/discovery'
import { of } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, antiphonWithTimeout, startAntiphon, type Ended } from './run-antiphon.js'

let broker: Broker
let url = ''

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  const link = broker.link()
  const forecast = endpoint({ topic: 'forecast/{city}', request: text, response: text })
  const history = endpoint({ topic: 'history', request: text, response: text, responses: 'many' })
  await new Promise<void>((resolve) => {
    requests$(link, forecast, { onSubscribed: resolve })
      .pipe(serve(() => of('sunny')))
      .subscribe()
  })
  announceService$(link, {
    name: 'weather',
    version: '1.2.0',
    instanceId: 'north',
    description: 'Forecasts',
    endpoints: [{ endpoint: forecast }, { endpoint: history, group: 'g' }],
  }).subscribe()
  announceService$(broker.link(), {
    name: 'plain',
    version: '0.1.0',
    instanceId: 'one',
    endpoints: [{ endpoint: history }],
  }).subscribe()
})
afterAll(() => broker.close())

/** Runs a query that ends 200 ms after its last response, however late that arrives. */
const run = (...args: readonly string[]): Promise<Ended> =>
  antiphon([...args, '--timeout', '1m', '--stall-timeout', '200ms', '--url', url])

describe('discovery', () => {
  it('lists services with their topics', async () => {
    const lines = ({ stdout }: Ended): readonly string[] => stdout.trimEnd().split('\n').sort()
    const args = ['ls', '--timeout', '1m', '--url', url]
    const hasBoth = (ended: Ended): boolean => lines(ended).length === 2
    const ended = await antiphonWithTimeout(args, hasBoth, '--stall-timeout')
    expect([ended.code, lines(ended)]).toEqual([
      0,
      ['plain one 0.1.0 history', 'weather north 1.2.0 forecast/{city} history'],
    ])
  })

  it('describes one service', async () => {
    expect(await run('info', 'weather', '--instance', 'north')).toMatchObject({
      code: 0,
      stdout:
        'weather north 1.2.0\n  Forecasts\n  forecast/{city} text/plain -> text/plain\n  history text/plain -> text/plain (stream) in group g\n',
    })
    expect((await run('info', 'plain')).stdout).toBe(
      'plain one 0.1.0\n  history text/plain -> text/plain (stream)\n',
    )
  })

  it('prints counts and processing times', async () => {
    await antiphon(['request', 'forecast/Vienna', '-u', url])
    expect((await run('stats', 'weather')).stdout).toMatch(
      /^weather north 1\.2\.0\n {2}forecast\/\{city\} 1 requests, 0 errors, p50 \d+ ms, p90 \d+ ms, p99 \d+ ms\n/,
    )
  })

  it('pings services, as records', async () => {
    const { records } = await run('ping', 'plain', '--json')
    expect(records()).toEqual([
      { type: 'service', query: 'ping', service: { name: 'plain', instanceId: 'one', version: '0.1.0' } },
    ])
  })

  it('exits with 4 if no service responds', async () => {
    // The timeout may also end before the request is sent.
    const isSent = ({ code }: Ended): boolean => code === 4
    expect(await antiphonWithTimeout(['ping', 'missing', '--url', url], isSent)).toMatchObject({
      code: 4,
      stderr: 'antiphon: no service missing responds; does it announce itself, as serve --service does?\n',
    })
    const elsewhere = ['ls', '--prefix', 'elsewhere', '--url', url]
    expect(await antiphonWithTimeout(elsewhere, isSent)).toMatchObject({ code: 4 })
  })

  it('follows the services that serve --service announces', async () => {
    const watching = startAntiphon(['ls', '--watch', '-u', url])
    await watching.printed('found weather')
    const responder = startAntiphon([
      'serve',
      'lamp',
      '--echo',
      '--service',
      'lamp',
      '--service-version',
      '2.0.0',
      '--group',
      'g',
      '-u',
      url,
    ])
    await watching.printed('found lamp')
    responder.interrupt()
    expect((await responder.ended).code).toBe(0)
    await watching.printed('lost (stopped) lamp')
    watching.interrupt()
    expect((await watching.ended).code).toBe(0)
  })

  it('ends a query on Ctrl-C', async () => {
    const { interrupt, printed, ended } = startAntiphon(['ls', 'missing', '--timeout', '1h', '-v', '-u', url])
    await printed('> PUBLISH')
    interrupt()
    expect((await ended).code).toBe(130)
  })
})
