import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { makeCertificates, type Certificates } from '@antiphon/workshop/certificates'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { filter, firstValueFrom, lastValueFrom, of } from 'rxjs'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createHub, type Hub } from '../src/hub/index.js'
import { connectDevice, formatConnectionString, serveUnlock, toCredentials, unlock$ } from '../src/index.js'
import { unlockSpaces } from './unlock-spaces.js'

/** Connects like a device of the preview, with the version 1 of paho's API or the callbacks of version 2. */
const connectPaho = `
import json, sys, threading, uuid
import paho.mqtt.client as mqtt

device_id, username, password, ca, port = sys.argv[1:6]
if hasattr(mqtt, "CallbackAPIVersion"):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, client_id=device_id, clean_session=False)
else:
    client = mqtt.Client(client_id=device_id, clean_session=False)
client.username_pw_set(username, password)
client.tls_set(ca_certs=ca)
granted = threading.Event()
client.on_subscribe = lambda *_: granted.set()
client.connect("localhost", int(port), keepalive=60)
client.loop_start()
`

const pahoCar = `${connectPaho}
done = threading.Event()
def on_message(client, userdata, message):
    command = json.loads(message.payload)
    phone = message.topic.split("/")[4]
    response = json.dumps({"commandId": command["commandId"], "result": "Success"})
    client.publish("vehicles/unlock/res/%s/%s" % (phone, device_id), response, qos=1)
client.on_publish = lambda *_: done.set()
client.on_message = on_message
client.subscribe("vehicles/unlock/req/%s/#" % device_id, qos=1)
granted.wait(60)
print("ready", flush=True)
done.wait(60)
client.disconnect()
`

const pahoPhone = `${connectPaho}
command = {"command": "unlock", "commandId": str(uuid.uuid4()), "requestorId": device_id, "authorization": "a", "credentials": "c"}
done = threading.Event()
def on_message(client, userdata, message):
    response = json.loads(message.payload)
    if response["commandId"] == command["commandId"]:
        print(message.topic + " " + response["result"], flush=True)
        done.set()
client.on_message = on_message
client.subscribe("vehicles/unlock/res/%s/#" % device_id, qos=1)
granted.wait(60)
client.publish("vehicles/unlock/req/car1/%s" % device_id, json.dumps(command), qos=1)
done.wait(60)
client.disconnect()
`

for (const paho of ['python3-paho-mqtt', 'paho-mqtt-2'] as const)
  describeForeign(
    [paho, 'mosquitto-clients'],
    `foreign devices at the local hub, over TLS, with ${paho}`,
    () => {
      let hub: Hub
      let certificates: Certificates
      let port: number
      let url: string
      beforeAll(async () => {
        certificates = await makeCertificates()
        hub = createHub()
        for (const { name, type, templates } of unlockSpaces)
          hub.topicSpaces.create({ name, type, templates })
        for (const deviceId of ['car1', 'mobile1']) hub.devices.create(deviceId)
        const { cert, key } = certificates.server
        ;({ port, url } = await hub.listen({ protocol: 'tls', tls: { cert, key } }))
      })
      afterAll(async () => {
        await hub.close()
        await certificates.remove()
      })

      async function credentialsOf(deviceId: string) {
        const now = Date.now()
        const period = { issuedAt: now, expiresAt: now + 3_600_000 }
        return toCredentials(hub.devices.connectionString(deviceId), period)
      }
      async function start(program: string, deviceId: string) {
        const { username, password } = await credentialsOf(deviceId)
        const args = [deviceId, username, String(password), certificates.caFile, String(port)]
        const child = spawn(foreignCommand(paho) ?? 'python3', ['-c', program, ...args], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        onTestFinished(() => void child.kill('SIGKILL'))
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
        return { child, nextLine: async () => (await lines.next()).value as string }
      }
      const connect = (deviceId: string) =>
        connectDevice(formatConnectionString(hub.devices.connectionString(deviceId)), {
          url,
          ca: certificates.ca,
        })

      it('unlocks a car that is a paho program', async () => {
        const { nextLine, child } = await start(pahoCar, 'car1')
        expect(await nextLine()).toBe('ready')
        const exited = once(child, 'exit')
        const phone = connect('mobile1')
        const { result } = await lastValueFrom(of('car1').pipe(unlock$(phone, 'mobile1')))
        expect(result).toBe('Success')
        await phone.close()
        expect(await exited).toEqual([0, null])
      })

      it('unlocks a car that is made of mosquitto_sub and mosquitto_pub', async () => {
        const { username, password } = await credentialsOf('car1')
        const asCar = [
          ...['-h', 'localhost', '-p', String(port), '--cafile', certificates.caFile, '-V', 'mqttv311'],
          ...['-i', 'car1', '-c', '-u', username, '-P', String(password), '-q', '1'],
        ]
        const subscribed = firstValueFrom(
          hub.events$.pipe(filter((event) => event.type === 'subscribed' && event.clientId === 'car1')),
        )
        const receiver = spawn('mosquitto_sub', [...asCar, '-t', 'vehicles/unlock/req/car1/#', '-C', '1'])
        onTestFinished(() => void receiver.kill('SIGKILL'))
        const received = once(createInterface({ input: receiver.stdout }), 'line')
        await subscribed
        const phone = connect('mobile1')
        const unlocked = lastValueFrom(of('car1').pipe(unlock$(phone, 'mobile1')))
        const [command] = (await received) as [string]
        const { commandId } = JSON.parse(command) as { readonly commandId: string }
        const response = JSON.stringify({ commandId, result: 'Success' })
        spawn('mosquitto_pub', [...asCar, '-t', 'vehicles/unlock/res/mobile1/car1', '-m', response])
        expect(await unlocked).toEqual({ commandId, result: 'Success' })
        await phone.close()
      })

      it('serves unlock commands of a phone that is a paho program', async () => {
        const car = connect('car1')
        const isSubscribed = firstValueFrom(car.subscription$('vehicles/unlock/req/car1/#'))
        serveUnlock(car, 'car1').subscribe()
        await isSubscribed
        const { nextLine } = await start(pahoPhone, 'mobile1')
        expect(await nextLine()).toBe('vehicles/unlock/res/mobile1/car1 Success')
        await car.close()
      })
    },
  )
