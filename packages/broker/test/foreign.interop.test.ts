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

describeForeign(['mosquitto-clients'], 'Mosquitto’s clients at the broker', () => {
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
      it(`publish and subscribe at QoS ${qos} over ${version}`, async () => {
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

  it('request and respond', async () => {
    const responder = spawn(subTool, ['-p', port, '-V', 'mqttv5', '-t', 'ask', '-F', '%R %D'])
    const lines = createInterface({ input: responder.stdout })[Symbol.asyncIterator]()
    await subscribed()
    const asking = run(rrTool, [
      ...['-p', port, '-V', 'mqttv5', '-t', 'ask', '-e', 'answer/1', '-m', 'question', '-W', '10'],
      ...['-D', 'publish', 'correlation-data', 'c1'],
    ])
    const { value } = (await lines.next()) as { value: string }
    const [topic] = value.split(' ')
    expect(value).toBe('answer/1 c1')
    const answer = ['-t', topic ?? '', '-m', 'answer', '-D', 'publish', 'correlation-data', 'c1']
    await run(pubTool, ['-p', port, '-V', 'mqttv5', ...answer])
    expect((await asking).stdout).toBe('answer\n')
    responder.kill()
    await once(responder, 'exit')
  })
})
