import { once } from 'node:events'
import { connect } from 'node:net'
import { mosquittoClient, python, type ForeignProgram, type Program } from '@antiphon/workshop'
import { generate, parser } from 'mqtt-packet'
import { firstValueFrom } from 'rxjs'
import { temperatureTopic, type InteropSetup } from './interop-setup.js'

/** A foreign program that exchanges messages with an Antiphon link. */
export interface InteropCase {
  readonly program: string
  /** What the foreign program does. */
  readonly role: string
  readonly requiredPrograms: readonly ForeignProgram[]
  /** Runs the case. */
  readonly run: (setup: InteropSetup) => Promise<InteropResult>
}

/** The result of a case, to be compared with the expected one. */
export interface InteropResult {
  readonly actual: string
  readonly expected: string
}

const vienna = 'Temperature in Vienna: 22.5°C'

/** All cases. */
export const interopCases: readonly InteropCase[] = [
  ...casesRequiring(
    ['mosquitto-clients'],
    {
      program: 'mosquitto_rr',
      role: 'sends a request to our responder',
      run: async ({ port, serveTemperature }) => {
        await serveTemperature()
        const requester = mosquittoClient(
          'mosquitto_rr',
          ...['-p', port, '-t', temperatureTopic, '-e', 'responses/rr', '-m', 'query:Vienna', '-W', 10],
        )
        return { actual: (await requester.ended()).join(), expected: vienna }
      },
    },
    {
      program: 'mosquitto_pub',
      role: 'publishes to our link',
      run: async ({ port, link }) => {
        const received = firstValueFrom(link.messages$('news'))
        await firstValueFrom(link.subscription$('news'))
        await mosquittoClient('mosquitto_pub', '-p', port, '-t', 'news', '-m', 'hello', '-q', 2).ended()
        return { actual: new TextDecoder().decode((await received).payload), expected: 'hello' }
      },
    },
    {
      program: 'mosquitto_sub',
      role: 'receives from our link',
      run: async ({ port, link }) => {
        const subscriber = mosquittoClient('mosquitto_sub', '-p', port, '-t', 'news', '-C', 1, '-W', 10)
        const payload = new TextEncoder().encode('hello')
        // Publishes until mosquitto_sub has subscribed and received a message.
        while (subscriber.isRunning()) {
          await firstValueFrom(link.publish$({ topic: 'news', payload }))
          await Promise.race([subscriber.ended(), firstValueFrom(link.publish$({ topic: 'pace', payload }))])
        }
        return { actual: (await subscriber.ended()).join(), expected: 'hello' }
      },
    },
  ),
  ...casesRequiring(
    ['python3-paho-mqtt'],
    {
      program: 'paho for Python, MQTT 5',
      role: 'sends a request to our responder',
      run: async ({ port, serveTemperature }) => {
        await serveTemperature()
        const requester = python('traveller.py', port, temperatureTopic, 'query:Vienna')
        return { actual: (await requester.ended()).join(), expected: `query:Vienna -> ${vienna}` }
      },
    },
    {
      program: 'paho for Python, MQTT 5',
      role: 'echoes our requests',
      run: ({ port, sendRequest }) =>
        whileRunning(python('echo.py', port, temperatureTopic), async () => ({
          actual: await sendRequest('ünïcödé'),
          expected: 'ünïcödé',
        })),
    },
    {
      program: 'paho for Python, MQTT 5',
      role: 'answers our requests, reading the correlation as UTF-8',
      run: ({ port, sendRequest }) =>
        whileRunning(python('weather.py', port, temperatureTopic), async () => ({
          actual: await sendRequest('query:Vienna'),
          expected: vienna,
        })),
    },
  ),
  ...casesRequiring([], {
    program: 'a device of raw MQTT 3.1.1 packets',
    role: 'answers our requests with the correlation in the payload',
    run: async ({ port, command }) => {
      const stop = await startRawDevice(port)
      const actual = await command('blink')
      stop()
      return { actual, expected: 'blink' }
    },
  }),
]

function casesRequiring(
  requiredPrograms: InteropCase['requiredPrograms'],
  ...cases: readonly Omit<InteropCase, 'requiredPrograms'>[]
): readonly InteropCase[] {
  return cases.map((interopCase) => ({ ...interopCase, requiredPrograms }))
}

async function whileRunning(program: Program, run: () => Promise<InteropResult>): Promise<InteropResult> {
  await program.until(1)
  try {
    return await run()
  } finally {
    await program.stop()
  }
}

/** Starts a device that subscribes to its commands and confirms each, using five packet types only. */
async function startRawDevice(port: number): Promise<() => void> {
  const socket = connect({ port, host: '127.0.0.1' })
  const packets = parser({ protocolVersion: 4 })
  socket.on('data', (bytes) => packets.parse(bytes))
  const subscribed = new Promise<void>((resolve) =>
    packets.on('packet', (packet) => {
      if (packet.cmd === 'suback') resolve()
      if (packet.cmd !== 'publish') return
      const { id, cmd } = JSON.parse(packet.payload.toString()) as {
        readonly id: string
        readonly cmd: string
      }
      const payload = JSON.stringify({ id, done: cmd })
      socket.write(
        generate({ cmd: 'publish', topic: 'device/rsp', payload, qos: 0, dup: false, retain: false }),
      )
      if (packet.messageId !== undefined)
        socket.write(generate({ cmd: 'puback', messageId: packet.messageId }))
    }),
  )
  await once(socket, 'connect')
  const clientId = 'raw-device'
  socket.write(
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 0 }),
  )
  const subscriptions = [{ topic: 'device/cmd', qos: 1 as const }]
  socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions }))
  await subscribed
  return () => socket.destroy()
}
