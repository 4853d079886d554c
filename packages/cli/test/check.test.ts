import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon } from './run-antiphon.js'

const resultsOf = (records: readonly Record<string, unknown>[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(records.map(({ name, isSupported, detail }) => [String(name), isSupported ?? detail]))

describe('antiphon check', () => {
  it('reports what the embedded broker can do', async () => {
    const { broker, url } = await startBroker()
    const { code, records } = await antiphon(['check', '--timeout', '1m', '--json', '-u', url])
    expect(code).toBe(0)
    expect(resultsOf(records())).toMatchObject({
      'MQTT version': '5',
      'Maximum QoS': '2',
      'Receive Maximum': expect.any(String) as string,
      'retained messages': true,
      'requests and responses': true,
      'reports that nothing subscribes (0x10)': true,
      'delivers to groups ($share)': true,
      'shares the messages of a group': true,
      'delivers retained messages': true,
      'keeps the order': true,
      'keeps to Receive Maximum': true,
    })
    await broker.close()
  })

  it('prints a table', async () => {
    const { broker, url } = await startBroker()
    const { stdout } = await antiphon(['check', '-u', url, '--prefix', 'mine', '--timeout', '1m'])
    expect(stdout).toMatch(/^MQTT version {33}5$/m)
    expect(stdout).toMatch(/^keeps the order {20,}yes {2}100 of 100 messages, in order$/m)
    await broker.close()
  })

  it('says what a broker lacks', async () => {
    const { broker, url } = await startBroker({
      authority: {
        authorizePublish: ({ message: { topic } }) => (topic.endsWith('/echo') ? { refuse: 0x87 } : 'allow'),
      },
    })
    const { code, records } = await antiphon([
      'check',
      '--timeout',
      '1m',
      '--json',
      '-u',
      url,
      '--mqtt-version',
      '5',
    ])
    expect(code).toBe(0)
    expect(resultsOf(records())['requests and responses']).toMatch(/^the test failed: .*Not authorized/i)
    await broker.close()
  })

  it('reports that a slow broker keeps to Receive Maximum', async () => {
    const { broker, url } = await startBroker({
      authority: {
        authorizePublish: ({ message: { topic } }) =>
          topic.endsWith('/window') ? new Promise((resolve) => setTimeout(resolve, 700, 'allow')) : 'allow',
      },
    })
    const { records } = await antiphon(['check', '--timeout', '1m', '--json', '-u', url])
    expect(resultsOf(records())).toMatchObject({ 'keeps to Receive Maximum': true })
    await broker.close()
  })

  it('reports on MQTT 3.1.1, as far as it says anything', async () => {
    const { broker, url } = await startBroker()
    const { records } = await antiphon([
      'check',
      '--timeout',
      '1m',
      '--json',
      '-u',
      url,
      '--mqtt-version',
      '4',
    ])
    expect(resultsOf(records())).toMatchObject({
      'MQTT version': '3.1.1',
      'requests and responses': 'not tested: it needs MQTT 5',
      'reports that nothing subscribes (0x10)': false,
      'keeps the order': true,
    })
    await broker.close()
  })

  it('speaks 3.1.1 with a broker that refuses 5, and gives up if that is refused, too', async () => {
    const versions: number[] = []
    const server = createServer((socket: Socket) => {
      socket.on('error', () => undefined)
      socket.once('data', (packet) => {
        versions.push(packet[8] ?? 0)
        // CONNACK with "unacceptable protocol version".
        socket.end(packet[8] === 5 ? Buffer.of(0x20, 3, 0, 0x84, 0) : Buffer.of(0x20, 2, 0, 1))
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { code } = await antiphon(['check', '-u', `mqtt://127.0.0.1:${port}`])
    expect([code, versions.slice(0, 2)]).toEqual([8, [5, 4]])
    server.close()
  })

  it('exits with 8 if it cannot connect, and with 130 on Ctrl-C', async () => {
    expect(await antiphon(['check', '-u', 'mqtt://127.0.0.1:1'])).toMatchObject({ code: 8 })
    const { broker, url } = await startBroker()
    const { printed, interrupt, ended } = startAntiphon(['check', '-u', url])
    await printed('MQTT version')
    interrupt()
    expect((await ended).code).toBe(130)
    await broker.close()
  })
})
