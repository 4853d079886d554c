import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describeForeign } from '@antiphon/workshop'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createBroker } from '../src/index.js'
import type { Broker } from '../src/index.js'

const run = promisify(execFile)

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
        const sub = run('mosquitto_sub', [
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
        await run('mosquitto_pub', ['-p', port, '-V', version, '-q', qos, '-t', 'a/b', '-m', 'hello'])
        expect((await sub).stdout).toBe(`a/b ${qos} hello\n`)
      })
    }
  }

  it('request and respond', async () => {
    const responder = spawn('mosquitto_sub', ['-p', port, '-V', 'mqttv5', '-t', 'ask', '-F', '%R %D'])
    const lines = createInterface({ input: responder.stdout })[Symbol.asyncIterator]()
    await subscribed()
    const asking = run('mosquitto_rr', [
      ...['-p', port, '-V', 'mqttv5', '-t', 'ask', '-e', 'answer/1', '-m', 'question', '-W', '10'],
      ...['-D', 'publish', 'correlation-data', 'c1'],
    ])
    const { value } = (await lines.next()) as { value: string }
    const [topic] = value.split(' ')
    expect(value).toBe('answer/1 c1')
    const answer = ['-t', topic ?? '', '-m', 'answer', '-D', 'publish', 'correlation-data', 'c1']
    await run('mosquitto_pub', ['-p', port, '-V', 'mqttv5', ...answer])
    expect((await asking).stdout).toBe('answer\n')
    responder.kill()
    await once(responder, 'exit')
  })
})
