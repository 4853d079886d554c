import type { Broker } from '@antiphon/broker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon } from './run-antiphon.js'

let broker: Broker
let url = ''
beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
})
afterAll(() => broker.close())

describe('--correlation', () => {
  it.each<[string, string, readonly string[]]>([
    ['5', 'data', []],
    ['5', 'bytes', []],
    ['4', 'payload:id', ['--response-topic', 'rooms/{room}/responses']],
    ['4', 'topic', ['--response-topic', 'rooms/{room}/responses']],
    ['4', 'in-order', ['--response-topic', 'rooms/{room}/responses']],
  ])('matches responses on both sides with MQTT %s by %s', async (version, correlation, options) => {
    const common = ['--mqtt-version', version, '--correlation', correlation, ...options, '--url', url]
    const { ended, printed, interrupt } = startAntiphon(['serve', 'rooms/{room}', '-r', '{"t":1}', ...common])
    await printed('serving')
    const args = ['rooms/{room}', '{"a":1}', '--param', 'room=attic', '--out', 'json']
    const { code, stdout, stderr } = await antiphon(['request', ...args, ...common])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({ t: 1 })
    interrupt()
    expect((await ended).code).toBe(0)
  })

  it('is named in the error if MQTT 3.1.1 is used without it', async () => {
    expect(await antiphon(['request', 'x', '--mqtt-version', '4', '--url', url])).toMatchObject({
      code: 2,
      stderr:
        'antiphon: cannot match a response: MQTT 3.1.1 cannot carry correlationData; set --correlation payload:<field>, topic or in-order\n',
    })
  })

  it.each<[readonly string[], string]>([
    [
      ['--correlation', 'magic'],
      '--correlation is magic: it must be data, bytes, payload:<field>, topic or in-order; see antiphon request --help',
    ],
    [
      ['--correlation', 'topic'],
      '--correlation topic needs the topic of the responses: set --response-topic',
    ],
    [
      ['--correlation', 'payload:id', '--response-topic', 'r'],
      expect.stringContaining('the payload is not JSON') as string,
    ],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await antiphon(['request', 'x', 'y', '--url', url, ...args])
    expect([code, stderr.slice('antiphon: '.length, -1)]).toEqual([2, message])
  })
})
