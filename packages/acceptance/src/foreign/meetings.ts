import { once } from 'node:events'
import { connect as dial } from 'node:net'
import { mosquittoClient, python, type ForeignProgram, type Program } from '@antiphon/workshop'
import { generate, parser } from 'mqtt-packet'
import { firstValueFrom } from 'rxjs'
import { temperatureTopic, type Stage } from './stage.js'

/** A foreign program and we, in two roles. */
export interface Meeting {
  readonly who: string
  /** What it does towards us. */
  readonly role: string
  readonly needs: readonly ForeignProgram[]
  /** Meets it: what came out, and what should have. */
  readonly meet: (stage: Stage) => Promise<Exchanged>
}

/** What came of a meeting. */
export interface Exchanged {
  readonly got: string
  readonly wanted: string
}

const vienna = 'Temperature in Vienna: 22.5°C'

/** Everybody we meet. */
export const meetings: readonly Meeting[] = [
  ...meetingsThatNeed(
    ['mosquitto-clients'],
    {
      who: 'mosquitto_rr',
      role: 'asks our service',
      meet: async ({ port, serveTemperature }) => {
        await serveTemperature()
        const requested = mosquittoClient(
          'mosquitto_rr',
          ...['-p', port, '-t', temperatureTopic, '-e', 'answers/rr', '-m', 'query:Vienna', '-W', 10],
        )
        return { got: (await requested.ended()).join(), wanted: vienna }
      },
    },
    {
      who: 'mosquitto_pub',
      role: 'tells us',
      meet: async ({ port, link }) => {
        const heard = firstValueFrom(link.messages$('news'))
        await firstValueFrom(link.subscription$('news'))
        await mosquittoClient('mosquitto_pub', '-p', port, '-t', 'news', '-m', 'hello', '-q', 2).ended()
        return { got: new TextDecoder().decode((await heard).payload), wanted: 'hello' }
      },
    },
    {
      who: 'mosquitto_sub',
      role: 'hears us',
      meet: async ({ port, link }) => {
        const heard = mosquittoClient('mosquitto_sub', '-p', port, '-t', 'news', '-C', 1, '-W', 10)
        const payload = new TextEncoder().encode('hello')
        // Until it is there, nobody is.
        while (heard.isRunning()) {
          await firstValueFrom(link.publish$({ topic: 'news', payload }))
          await Promise.race([heard.ended(), firstValueFrom(link.publish$({ topic: 'pace', payload }))])
        }
        return { got: (await heard.ended()).join(), wanted: 'hello' }
      },
    },
  ),
  ...meetingsThatNeed(
    ['python3-paho-mqtt'],
    {
      who: 'paho for Python, MQTT 5',
      role: 'asks our service',
      meet: async ({ port, serveTemperature }) => {
        await serveTemperature()
        const requested = python('traveller.py', port, temperatureTopic, 'query:Vienna')
        return { got: (await requested.ended()).join(), wanted: `query:Vienna -> ${vienna}` }
      },
    },
    {
      who: 'paho for Python, MQTT 5',
      role: 'answers us with an echo',
      meet: ({ port, ask: sendRequest }) =>
        whileRunning(python('echo.py', port, temperatureTopic), async () => ({
          got: await sendRequest('ünïcödé'),
          wanted: 'ünïcödé',
        })),
    },
    {
      who: 'paho for Python, MQTT 5',
      role: 'answers us, and reads correlations as UTF-8',
      meet: ({ port, ask: sendRequest }) =>
        whileRunning(python('weather.py', port, temperatureTopic), async () => ({
          got: await sendRequest('query:Vienna'),
          wanted: vienna,
        })),
    },
  ),
  ...meetingsThatNeed([], {
    who: 'a device of raw MQTT 3.1.1 packets',
    role: 'answers us, its token in the payload',
    meet: async ({ port, command }) => {
      const stop = await rawDevice(port)
      const got = await command('blink')
      stop()
      return { got, wanted: 'blink' }
    },
  }),
]

function meetingsThatNeed(
  needs: Meeting['needs'],
  ...all: readonly Omit<Meeting, 'needs'>[]
): readonly Meeting[] {
  return all.map((meeting) => ({ ...meeting, needs }))
}

async function whileRunning(program: Program, meet: () => Promise<Exchanged>): Promise<Exchanged> {
  await program.until(1)
  try {
    return await meet()
  } finally {
    await program.stop()
  }
}

/** Subscribes to its commands and confirms each; knows nothing of MQTT but five packets. */
async function rawDevice(port: number): Promise<() => void> {
  const socket = dial({ port, host: '127.0.0.1' })
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
