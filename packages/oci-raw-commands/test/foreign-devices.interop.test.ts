import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { makeCertificates, type Certificates } from '@antiphon/workshop/certificates'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { filter, firstValueFrom, lastValueFrom } from 'rxjs'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { invoke$ } from '../src/index.js'
import { createPlatform, type Platform } from '../src/platform/index.js'
import { hello, lamp } from './world.js'

/** A device with paho: acknowledges each command on a topic that ends in /cmd, and exits after a shutdown command. */
const pahoDevice = `
import json, sys, threading, time
import paho.mqtt.client as mqtt

port, ca, user, password = sys.argv[1:5]
if hasattr(mqtt, "CallbackAPIVersion"):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, client_id="paho-lamp", clean_session=False)
else:
    client = mqtt.Client(client_id="paho-lamp", clean_session=False)
client.username_pw_set(user, password)
client.tls_set(ca_certs=ca)
shutdown = threading.Event()
def on_message(client, userdata, message):
    if not message.topic.endswith("/cmd"): return
    ack = json.dumps({"status": "acknowledged", "time": int(time.time() * 1000)})
    client.publish(message.topic[:-4] + "/rsp", ack, qos=1)
    if json.loads(message.payload).get("shutdown"): client.on_publish = lambda *_: shutdown.set()
client.on_message = on_message
client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("localhost", int(port), keepalive=60)
client.loop_start()
shutdown.wait(60)
client.disconnect()
client.loop_stop()
`

for (const paho of ['python3-paho-mqtt', 'paho-mqtt-2'] as const)
  describeForeign(
    [paho, 'mosquitto-clients'],
    `foreign devices at the local platform, over TLS, with ${paho}`,
    () => {
      let platform: Platform
      let certificates: Certificates
      let port: number
      let http: string
      beforeAll(async () => {
        certificates = await makeCertificates()
        platform = createPlatform({ instances: [lamp] })
        const { cert, key } = certificates.server
        ;({ port } = await platform.listen({ protocol: 'tls', tls: { cert, key } }))
        ;({ url: http } = await platform.listenHttp())
      })
      afterAll(async () => {
        await platform.close()
        await certificates.remove()
      })

      it('invokes commands of a device that is a paho program', async () => {
        const args = [String(port), certificates.caFile, lamp.externalKey, lamp.password]
        const python = foreignCommand(paho) ?? 'python3'
        const child = spawn(python, ['-c', pahoDevice, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
        onTestFinished(() => void child.kill('SIGKILL'))
        const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
        expect(line).toBe('ready')
        const exited = once(child, 'exit')
        for (const requestData of [{ hello: 'world' }, { shutdown: true }]) {
          const { status, record } = await lastValueFrom(
            invoke$(lamp.id, { ...hello, requestData }, { url: http }),
          )
          expect([status, record.response_data]).toEqual([
            'COMPLETED',
            expect.objectContaining({ status: 'acknowledged' }),
          ])
        }
        expect(await exited).toEqual([0, null])
      })

      it('receives telemetry of mosquitto_pub and refuses it with a wrong password', async () => {
        const publish = async (password: string): Promise<unknown> => {
          const child = spawn(
            'mosquitto_pub',
            [
              ...['-h', 'localhost', '-p', String(port), '--cafile', certificates.caFile, '-V', 'mqttv311'],
              ...['-i', 'mosquitto-lamp', '-u', lamp.externalKey, '-P', password],
              ...['-q', '1', '-t', 'iot/v1/mqtt', '-m', '21.5'],
            ],
            { stdio: 'ignore' },
          )
          return (await once(child, 'exit'))[0]
        }
        const telemetry = firstValueFrom(platform.telemetry$)
        expect(await publish(lamp.password)).toBe(0)
        const { instanceId, message } = await telemetry
        expect([instanceId, message.topic, new TextDecoder().decode(message.payload)]).toEqual([
          lamp.id,
          'iot/v1/mqtt',
          '21.5',
        ])
        const refused = firstValueFrom(
          platform.broker.events$.pipe(filter((event) => event.type === 'refused')),
        )
        expect(await publish('wrong')).not.toBe(0)
        expect(await refused).toMatchObject({ reason: 'the password of lamp-key is wrong' })
      })
    },
  )
