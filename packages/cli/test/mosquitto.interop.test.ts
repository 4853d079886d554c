import { createBroker } from '@antiphon/broker'
import { describeForeign, mosquittoClient, python, startMosquitto } from '@antiphon/workshop'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { antiphon, startAntiphon, type Running } from './run-antiphon.js'

/** A broker of the test. */
interface BrokerOfTest {
  readonly port: number
  readonly stop: () => Promise<void>
}

let broker: BrokerOfTest
const startEmbedded = async (): Promise<void> => {
  const embedded = createBroker()
  const { port } = await embedded.listen({ protocol: 'tcp', port: 0, host: '127.0.0.1' })
  broker = { port, stop: () => embedded.close() }
}
const start = async (config: readonly string[] = []): Promise<void> => {
  broker = await startMosquitto({ config })
}
const stop = (): Promise<void> => broker.stop()
const env = (): Readonly<Record<string, string>> => ({ ANTIPHON_URL: `mqtt://127.0.0.1:${broker.port}` })

async function serve(...args: readonly string[]): Promise<Running> {
  const running = startAntiphon(['serve', ...args], { env: env() })
  await running.printed('serving')
  return running
}

/** Registers the tests with the clients of Mosquitto, which are the other side. */
function testMosquittoClients(): void {
  it('responds to mosquitto_rr', async () => {
    const { ended, interrupt } = await serve('room', '--template', '{{payload}}: 22.5')
    const options = ['-t', 'room', '-e', 'responses/rr', '-m', 'Vienna', '-W', 10]
    const requester = mosquittoClient('mosquitto_rr', '-p', broker.port, ...options)
    expect(await requester.ended()).toEqual(['Vienna: 22.5'])
    interrupt()
    expect((await ended).code).toBe(0)
  })

  it('prints the response of mosquitto_pub, to a request that mosquitto_sub has shown', async () => {
    const format = ['-F', '%R %D %p', '-V', 'mqttv5', '-C', 1]
    const responder = mosquittoClient('mosquitto_sub', '-p', broker.port, '-t', 'shell', ...format)
    // Mosquitto reports a missing subscriber, so that the request is repeated until mosquitto_sub has subscribed.
    const requested = (async () => {
      for (;;) {
        const ended = await antiphon(['request', 'shell', 'hi', '--timeout', '1m'], { env: env() })
        if (ended.code !== 4) return ended
      }
    })()
    const [topic = '', correlation = '', payload = ''] = ((await responder.ended())[0] ?? '').split(' ')
    const properties = ['-V', 'mqttv5', '-D', 'publish', 'correlation-data', correlation]
    await mosquittoClient(
      'mosquitto_pub',
      '-p',
      broker.port,
      '-t',
      topic,
      '-m',
      `${payload} there`,
      ...properties,
    ).ended()
    expect(await requested).toMatchObject({ code: 0, stdout: 'hi there\n' })
  })

  it('exits with 4 at once if nothing subscribes to the topic', async () => {
    const { code, stderr } = await antiphon(['request', 'missing', '--timeout', '1h'], { env: env() })
    expect([code, stderr]).toEqual([
      4,
      expect.stringContaining('the broker reports no subscriber to missing'),
    ])
  })

  it('shows the exchange of mosquitto_rr and a responder', async () => {
    const responder = await serve('tapped', '--echo')
    const tap = startAntiphon(['tap', 'tapped', '-r', 'responses/#', '--count', '1'], { env: env() })
    await tap.printed('tapping')
    const options = ['-t', 'tapped', '-e', 'responses/tapped', '-m', 'hi', '-W', 10]
    await mosquittoClient('mosquitto_rr', '-p', broker.port, ...options).ended()
    expect((await tap.ended).stdout).toMatch(/^tapped hi -> hi \(200, [\d.]+ ms\)\n$/)
    responder.interrupt()
    await responder.ended
  })

  it('gathers the responses of two responders', async () => {
    const responders = [await serve('all', '-r', 'a'), await serve('all', '-r', 'b')]
    const { code, stdout } = await antiphon(['gather', 'all', '--count', '2'], { env: env() })
    expect([code, stdout.split('\n').sort()]).toEqual([0, ['', 'a', 'b']])
    for (const { interrupt } of responders) interrupt()
    await Promise.all(responders.map(({ ended }) => ended))
  })

  it('prints a stream between two of its processes', async () => {
    const { ended, interrupt } = await serve('stream', '--stream', '-r', 'a', '-r', 'b')
    const { code, stdout } = await antiphon(['request', 'stream', '--stream'], { env: env() })
    expect([code, stdout]).toEqual([0, 'a\nb\n'])
    interrupt()
    await ended
  })
}

describeForeign(['mosquitto', 'mosquitto-clients'], 'antiphon with Mosquitto and its clients', () => {
  beforeAll(() => start())
  afterAll(stop)
  testMosquittoClients()

  it('reports what Mosquitto can do', async () => {
    const { records } = await antiphon(['check', '--timeout', '1m', '--json'], { env: env() })
    const lacking = records().filter(({ isSupported }) => isSupported === false)
    expect([lacking, records().length]).toEqual([[], 17])
  })
})

describeForeign(
  ['mosquitto-clients'],
  'antiphon with the embedded broker and the clients of Mosquitto',
  () => {
    beforeAll(startEmbedded)
    afterAll(stop)
    testMosquittoClients()
  },
)

describeForeign(['mosquitto'], 'antiphon with a Mosquitto that refuses', () => {
  beforeAll(() => start(['allow_anonymous false']))
  afterAll(stop)

  it('exits with 8 and the reason', async () => {
    const { code, stderr } = await antiphon(['request', 'room'], { env: env() })
    expect([code, stderr]).toEqual([8, expect.stringMatching(/refused the connection: not authorized/i)])
  })
})

/** Registers the tests with paho, which is the other side. */
function testPaho(): void {
  it('prints the response of a program that only sends the Correlation Data back', async () => {
    const responder = python('echo.py', broker.port, 'echo')
    await responder.untilLine('ready')
    expect(await antiphon(['request', 'echo', '{"a":1}'], { env: env() })).toMatchObject({
      code: 0,
      stdout: '{"a":1}\n',
    })
    await responder.stop()
  })

  it('responds to a requester of paho', async () => {
    const { ended, interrupt } = await serve('travel', '--template', 'to {{payload}}')
    const requester = python('traveller.py', broker.port, 'travel', 'Vienna')
    expect(await requester.ended()).toEqual(['Vienna -> to Vienna'])
    interrupt()
    await ended
  })
}

describeForeign(['mosquitto', 'python3-paho-mqtt'], 'antiphon with Mosquitto and paho', () => {
  beforeAll(() => start())
  afterAll(stop)
  testPaho()
})

describeForeign(['python3-paho-mqtt'], 'antiphon with the embedded broker and paho', () => {
  beforeAll(startEmbedded)
  afterAll(stop)
  testPaho()
})
