import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createBroker } from '../src/index.js'
import type { Broker } from '../src/index.js'

const run = promisify(execFile)
const tool = (name: string): string => join(dirname(foreignCommand('mosquitto-clients') ?? ''), name)
const [pubTool, subTool, rrTool] = [tool('mosquitto_pub'), tool('mosquitto_sub'), tool('mosquitto_rr')]

describeForeign(['mosquitto-clients'], 'mosquitto clients at the broker', () => {
  let broker: Broker
  let port: string
  beforeEach(async () => {
    broker = createBroker()
    port = String((await broker.listen({ protocol: 'tcp' })).port)
  })
  afterEach(() => broker.close())

  const subscribed = (): Promise<unknown> =>
    firstValueFrom(broker.events$.pipe(filter(({ type }) => type === 'subscribed')))

  for (const version of ['mqttv5', 'mqttv311']) {
    for (const qos of ['0', '1', '2']) {
      it(`delivers a message of mosquitto_pub to mosquitto_sub at QoS ${qos} over ${version}`, async () => {
        const ready = subscribed()
        const sub = run(subTool, [
          '-p',
          port,
          '-V',
          version,
          '-q',
          qos,
          '-t',
          'a/+',
          '-C',
          '1',
          '-F',
          '%t %q %p',
        ])
        await ready
        await run(pubTool, ['-p', port, '-V', version, '-q', qos, '-t', 'a/b', '-m', 'hello'])
        expect((await sub).stdout).toBe(`a/b ${qos} hello\n`)
      })
    }
  }

  it('routes a request of mosquitto_rr and its response', async () => {
    const responder = spawn(subTool, ['-p', port, '-V', 'mqttv5', '-t', 'request', '-F', '%R %D'])
    const lines = createInterface({ input: responder.stdout })[Symbol.asyncIterator]()
    await subscribed()
    const requesting = run(rrTool, [
      ...[
        '-p',
        port,
        '-V',
        'mqttv5',
        '-t',
        'request',
        '-e',
        'response/1',
        '-m',
        'request payload',
        '-W',
        '100',
      ],
      ...['-D', 'publish', 'correlation-data', 'c1'],
    ])
    const { value } = (await lines.next()) as { value: string }
    const [topic] = value.split(' ')
    expect(value).toBe('response/1 c1')
    const response = ['-t', topic ?? '', '-m', 'response payload', '-D', 'publish', 'correlation-data', 'c1']
    await run(pubTool, ['-p', port, '-V', 'mqttv5', ...response])
    expect((await requesting).stdout).toBe('response payload\n')
    responder.kill()
    await once(responder, 'exit')
  })
})
