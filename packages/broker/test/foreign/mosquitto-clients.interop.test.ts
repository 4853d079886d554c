import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { describeForeign } from '@antiphon/workshop'
import { filter, firstValueFrom, take, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBroker } from '../../src/index.js'
import type { Broker } from '../../src/index.js'

const run = promisify(execFile)

describeForeign(['mosquitto-clients'], 'mosquitto clients at the broker', () => {
  let broker: Broker
  let port: string
  beforeEach(async () => {
    broker = createBroker()
    port = String((await broker.listen({ protocol: 'tcp' })).port)
  })
  afterEach(() => broker.close())

  const untilEvents = (type: string, count = 1): Promise<unknown> =>
    firstValueFrom(
      broker.events$.pipe(
        filter((event) => event.type === type),
        take(count),
        toArray(),
      ),
    )

  describe.each(['mqttv5', 'mqttv311'])('over %s', (version) => {
    const at = ['-h', '127.0.0.1', '-V', version]
    const pub = (...args: readonly string[]): Promise<unknown> =>
      run('mosquitto_pub', [...at, '-p', port, ...args])
    const sub = async (...args: readonly string[]): Promise<string> =>
      (await run('mosquitto_sub', [...at, '-p', port, '-W', '100', ...args])).stdout

    it('sends retained messages to mosquitto_sub', async () => {
      for (const qos of ['0', '1', '2']) await pub('-r', '-q', qos, '-t', `retained/${qos}`, '-m', `m${qos}`)
      await pub('-r', '-n', '-q', '1', '-t', 'retained/1')
      const lines = await sub('-q', '2', '-t', 'retained/#', '-C', '2', '-F', '%t %q %r %p')
      expect(lines.trim().split('\n').sort()).toEqual(['retained/0 0 1 m0', 'retained/2 2 1 m2'])
    })

    it('publishes the will of a mosquitto_sub that is killed', async () => {
      const ready = untilEvents('subscribed', 2)
      const watching = sub('-t', 'will', '-C', '1')
      const dying = spawn('mosquitto_sub', [
        ...[...at, '-p', port, '-t', 'other'],
        ...['--will-topic', 'will', '--will-payload', 'gone', '--will-qos', '1'],
      ])
      await ready
      dying.kill('SIGKILL')
      expect(await watching).toBe('gone\n')
    })

    it('splits a shared subscription between two mosquitto_sub', async () => {
      const ready = untilEvents('subscribed', 2)
      const shares = ['a', 'b'].map(() => sub('-q', '1', '-t', '$share/g/work/+', '-C', '5'))
      await ready
      const publisher = spawn('mosquitto_pub', [...at, '-p', port, '-q', '1', '-t', 'work/1', '-l'])
      publisher.stdin.end(Array.from({ length: 10 }, (_, index) => `${index}\n`).join(''))
      const received = (await Promise.all(shares)).flatMap((lines) => lines.trim().split('\n'))
      expect(received.map(Number).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    })

    it('resumes the persistent session of mosquitto_sub', async () => {
      const persistent = [
        '-i',
        'stored',
        '-c',
        '-q',
        '1',
        '-t',
        'later',
        ...(version === 'mqttv5' ? ['-x', '60'] : []),
      ]
      await sub(...persistent, '-E')
      await pub('-q', '1', '-t', 'later', '-m', 'while offline')
      expect(await sub(...persistent, '-C', '1')).toBe('while offline\n')
    })

    it('forwards 1000 lines of mosquitto_pub at QoS 2 in order and once', async () => {
      const ready = untilEvents('subscribed')
      const receiving = sub('-q', '2', '-t', 'lines', '-C', '1000')
      await ready
      const lines = Array.from({ length: 1_000 }, (_, index) => `${index}\n`).join('')
      const publisher = spawn('mosquitto_pub', [...at, '-p', port, '-q', '2', '-t', 'lines', '-l'])
      publisher.stdin.end(lines)
      expect(await receiving).toBe(lines)
    })
  })

  it('forwards MQTT 5 properties from mosquitto_pub to mosquitto_sub unaltered', async () => {
    const ready = untilEvents('subscribed')
    const args = ['-p', port, '-V', 'mqttv5', '-t', 'p', '-C', '1', '-F', '%C|%D|%E|%P|%R']
    const receiving = run('mosquitto_sub', args)
    await ready
    await run('mosquitto_pub', [
      ...['-p', port, '-V', 'mqttv5', '-t', 'p', '-m', 'x'],
      ...['-D', 'publish', 'content-type', 'text/plain', '-D', 'publish', 'correlation-data', 'c1'],
      ...['-D', 'publish', 'message-expiry-interval', '60', '-D', 'publish', 'response-topic', 'r'],
      ...['-D', 'publish', 'user-property', 'b', '1', '-D', 'publish', 'user-property', 'a', '2'],
      ...['-D', 'publish', 'user-property', 'b', '3'],
    ])
    expect((await receiving).stdout).toMatch(/^text\/plain\|c1\|60\|b:1 a:2 b:3 ?\|r\n$/)
  })
})
