import { connect } from '@antiphon/mqtt'
import { describeForeign, foreignCommand, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { firstValueFrom, from, lastValueFrom, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestTemperature$, serveTemperatures } from '../src/index.js'

const run = promisify(execFile)

/** A requester with paho: publishes each payload and prints the response to it. */
const pahoRequester = `
import sys, time, uuid, threading
import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes

port, payloads = int(sys.argv[1]), sys.argv[2:]
waiting, ready, done = {}, threading.Event(), threading.Event()

def on_message(client, userdata, message):
    request = waiting.pop(message.properties.CorrelationData.decode())
    print(request + " -> " + message.payload.decode(), flush=True)
    if not waiting: done.set()

version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*version, client_id="paho-requester", protocol=mqtt.MQTTv5)
client.on_message = on_message
client.on_subscribe = lambda *_: ready.set()
client.connect("127.0.0.1", port)
client.loop_start()
client.subscribe("response/paho-requester")
ready.wait(100)
for payload in payloads:
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = "response/paho-requester"
    correlation = str(uuid.uuid4())
    properties.CorrelationData = correlation.encode()
    waiting[correlation] = payload
    client.publish("service/temperature/query", payload, qos=1, properties=properties)
done.wait(100)
client.disconnect()
`

/** A minimal responder with paho: it uses only Response Topic and Correlation Data. */
const pahoResponder = `
import sys
import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes

def on_message(client, userdata, message):
    properties = Properties(PacketTypes.PUBLISH)
    properties.CorrelationData = message.properties.CorrelationData
    city = message.payload.decode()[len("query:"):]
    client.publish(message.properties.ResponseTopic, "Temperature in " + city + ": 21.0°C", qos=1, properties=properties)

version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*version, client_id="paho-responder", protocol=mqtt.MQTTv5)
client.on_message = on_message
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", int(sys.argv[1]))
client.subscribe("service/temperature/query", qos=1)
client.loop_forever()
`

for (const paho of ['python3-paho-mqtt', 'paho-mqtt-2'] as const)
  describeForeign(
    ['mosquitto', 'mosquitto-clients', paho],
    `temperature with foreign peers, with ${paho}`,
    () => {
      let mosquitto: Mosquitto
      beforeAll(async () => {
        mosquitto = await startMosquitto()
      })
      afterAll(() => mosquitto.stop())

      const python = (): string => foreignCommand(paho) ?? 'python3'

      describe('serveTemperatures', () => {
        const link = { close: async (): Promise<void> => undefined }
        beforeAll(async () => {
          const service = connect(mosquitto.url, { clientId: 'service' })
          const isSubscribed = firstValueFrom(service.subscription$('service/temperature/query'))
          serveTemperatures(service).subscribe()
          await isSubscribed
          link.close = service.close
        })
        afterAll(() => link.close())

        it('serves temperatures to mosquitto_rr', async () => {
          const topics = ['-t', 'service/temperature/query', '-e', 'response/rr']
          const args = [
            '-h',
            '127.0.0.1',
            '-p',
            String(mosquitto.port),
            '-V',
            '5',
            ...topics,
            '-m',
            'query:Vienna',
            '-W',
            '100',
          ]
          const { stdout } = await run(foreignCommand('mosquitto-clients') ?? 'mosquitto_rr', args)
          expect(stdout.trim()).toBe('Temperature in Vienna: 22.5°C')
        })

        it('serves temperatures to a paho requester, and an empty payload for a malformed request', async () => {
          const args = [
            '-c',
            pahoRequester,
            String(mosquitto.port),
            'query:Berlin',
            'query:Paris',
            'nonsense',
          ]
          const { stdout } = await run(python(), args)
          expect(stdout.trim().split('\n').sort()).toEqual([
            'nonsense ->',
            'query:Berlin -> Temperature in Berlin: 18.3°C',
            'query:Paris -> Temperature in Paris: 20.1°C',
          ])
        })
      })

      it('requests temperatures from a paho responder', async () => {
        const responder = spawn(python(), ['-c', pahoResponder, String(mosquitto.port)])
        const link = connect(mosquitto.url, { clientId: 'requester' })
        try {
          await once(createInterface({ input: responder.stdout }), 'line')
          const readings$ = from(['Rome', 'Oslo']).pipe(requestTemperature$(link), toArray())
          expect(await lastValueFrom(readings$)).toEqual([
            { city: 'Rome', celsius: 21 },
            { city: 'Oslo', celsius: 21 },
          ])
        } finally {
          responder.kill()
          await link.close()
        }
      })
    },
  )
