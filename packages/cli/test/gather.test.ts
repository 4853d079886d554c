import type { Broker } from '@antiphon/broker'
import { endpoint, requests$, serve, text, withProperties } from '@antiphon/core'
import { NEVER, of } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, antiphonWithTimeout, startAntiphon } from './run-antiphon.js'

let broker: Broker
let url = ''

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  const serveAs = (topic: string, name: string): Promise<void> =>
    new Promise((resolve) => {
      const link = broker.link()
      const at = endpoint({ topic, request: text, response: text, reservedProperties: ['__srcId'] })
      requests$(link, at, { onSubscribed: resolve })
        .pipe(
          serve(() => {
            if (name === 'broken') throw new Error('broken')
            const response = withProperties(name, { userProperties: [['__srcId', name]] })
            return name === 'silent' ? NEVER : of(response)
          }),
        )
        .subscribe()
    })
  for (const name of ['a', 'b', 'broken', 'silent']) await serveAs('all', name)
  await serveAs('failing', 'broken')
  await serveAs('quiet', 'silent')
})
afterAll(() => broker.close())

const gather = (...args: readonly string[]) => antiphon(['gather', ...args, '--url', url])

describe('antiphon gather', () => {
  it('prints the responses and failures of all responders until the timeout', async () => {
    const args = ['gather', 'all', '--json', '--url', url]
    const { code, records } = await antiphonWithTimeout(args, (ended) => ended.records().length >= 4)
    expect(code).toBe(0)
    expect(
      records()
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['error', 'response', 'response', 'summary'])
    const responses = records().filter(({ type }) => type === 'response')
    expect(responses.map(({ value }) => value).sort()).toEqual(['a', 'b'])
    expect(records().at(-1)).toMatchObject({ type: 'summary', requests: 1, answered: 2, failed: 1 })
  })

  it('prints a summary for people', async () => {
    const { stderr } = await gather('all', '--count', '3')
    expect(stderr).toMatch(/2 responses, 1 failures in [\d.]+ ms\n$/)
  })

  it('ends after --count responses', async () => {
    const { records } = await gather('all', '--count', '1', '--timeout', '1h', '--json')
    expect(records()).toHaveLength(2)
  })

  it('ends when no response has arrived for --stall-timeout', async () => {
    expect(await gather('all', '--stall-timeout', '200ms', '--timeout', '1h')).toMatchObject({ code: 0 })
  })

  it('ends when the named responders have responded', async () => {
    const names = ['--responder', 'a', '--responder', 'b']
    expect(await gather('all', ...names, '--timeout', '1h')).toMatchObject({ code: 0 })
  })

  it('exits with 5 if there are only failures, and with 3 if there is nothing', async () => {
    expect(await gather('failing', '--count', '1')).toMatchObject({ code: 5 })
    const quiet = ['gather', 'quiet', '--sentinel', '--url', url]
    expect(await antiphonWithTimeout(quiet)).toMatchObject({ code: 3 })
  })

  it('reports responses that are not of the format', async () => {
    expect(await gather('all', '--count', '3', '--out', 'json')).toMatchObject({
      code: expect.any(Number) as number,
    })
    const { records } = await gather('all', '--count', '3', '--out', 'json', '--json')
    expect(records().filter(({ exitCode }) => exitCode === 6)).toHaveLength(2)
  })

  it('exits with 4 if nothing subscribes, and with 8 if it cannot connect', async () => {
    expect(await gather('missing', '--timeout', '1h')).toMatchObject({ code: 4 })
    expect(await antiphon(['gather', 'x', '-u', 'mqtt://127.0.0.1:1'])).toMatchObject({ code: 8 })
  })

  it('exits with 130 on Ctrl-C', async () => {
    const { printed, interrupt, ended } = startAntiphon(['gather', 'quiet', '-t', '1h', '-v', '-u', url])
    await printed('< PUBACK')
    interrupt()
    expect((await ended).code).toBe(130)
  })
})
