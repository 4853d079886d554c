import { connect } from '@antiphon/mqtt'
import { bridgeOnline$, callBridge, getState$, setState$ } from '@antiphon/zigbee2mqtt'
import { localBridge } from '@antiphon/zigbee2mqtt/local'
import { describeForeign, foreignCommand, startMosquitto } from '@antiphon/workshop'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { firstValueFrom, of } from 'rxjs'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { permitJoin, rename } from './requests.js'

/** A bridge that answers permit_join, fails device/rename, and has one lamp whose state is retained. */
const pahoBridge = `
import json, sys
import paho.mqtt.client as mqtt

client = mqtt.Client(client_id="bridge")
lamp = {"state": "OFF", "brightness": 100}
def on_message(client, userdata, message):
    request = json.loads(message.payload)
    if message.topic.startswith("paho/bridge/request/"):
        response = {"data": {}, "status": "error", "error": "Device 'lamp' does not exist"}
        if message.topic.endswith("/permit_join"):
            response = {"data": {"time": request["time"]}, "status": "ok"}
        if "transaction" in request:
            response["transaction"] = request["transaction"]
        client.publish(message.topic.replace("/request/", "/response/"), json.dumps(response))
        return
    if message.topic.endswith("/set"):
        lamp.update(request)
    client.publish("paho/lamp", json.dumps(lamp), retain=True)
client.on_message = on_message
client.on_connect = lambda client, *_: client.subscribe([("paho/bridge/request/#", 0), ("paho/lamp/+", 0)])
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", int(sys.argv[1]))
client.publish("paho/bridge/state", json.dumps({"state": "online"}), retain=True)
client.loop_forever()
`

/** A client that sends permit_join with a number as transaction, and prints the response. */
const pahoClient = `
import json, sys
import paho.mqtt.client as mqtt

client = mqtt.Client(client_id="client")
def on_message(client, userdata, message):
    print(message.payload.decode(), flush=True)
    client.disconnect()
client.on_message = on_message
client.on_connect = lambda client, *_: client.subscribe("zigbee2mqtt/bridge/response/permit_join")
request = json.dumps({"time": 60, "transaction": 23})
client.on_subscribe = lambda client, *_: client.publish("zigbee2mqtt/bridge/request/permit_join", request)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
`

describeForeign(['mosquitto', 'python3-paho-mqtt'], 'Zigbee2MQTT on Mosquitto', () => {
  let url: string
  let stop: () => Promise<void>
  beforeAll(async () => {
    ;({ url, stop } = await startMosquitto())
  })
  afterAll(() => stop())

  function run(program: string): { readonly child: ChildProcess; readonly lines: Interface } {
    const python = foreignCommand('python3-paho-mqtt') ?? 'python3'
    const child = spawn(python, ['-c', program, new URL(url).port], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    return { child, lines: createInterface({ input: child.stdout }) }
  }

  it.each([4, 5] as const)(
    'send requests to a bridge that is a paho program, over version %d',
    async (protocolVersion) => {
      await once(run(pahoBridge).lines, 'line')
      const link = connect(url, { protocolVersion })
      onTestFinished(() => link.close())
      const options = { baseTopic: 'paho' }
      await expect(firstValueFrom(bridgeOnline$(link, options))).resolves.toBe(true)
      await expect(callBridge(link, permitJoin, { time: 60 }, options)).resolves.toEqual({ time: 60 })
      await expect(callBridge(link, rename, { from: 'lamp', to: 'light' }, options)).rejects.toMatchObject({
        status: { code: 500, message: "Device 'lamp' does not exist" },
      })
      const on = { state: 'ON', brightness: 100 }
      await expect(firstValueFrom(setState$(link, 'lamp', { state: 'ON' }, options))).resolves.toEqual(on)
      await expect(firstValueFrom(getState$(link, 'lamp', ['state'], options))).resolves.toEqual(on)
    },
  )

  it('answer a client that is a paho program', async () => {
    const link = connect(url, { protocolVersion: 4 })
    onTestFinished(() => link.close())
    const requests = { permit_join: () => of({ time: 60 }) }
    const served = localBridge(link, { requests }).served$.subscribe()
    onTestFinished(() => served.unsubscribe())
    await firstValueFrom(link.subscription$('zigbee2mqtt/bridge/request/permit_join'))
    const [line] = (await once(run(pahoClient).lines, 'line')) as [string]
    expect(JSON.parse(line)).toEqual({ status: 'ok', data: { time: 60 }, transaction: 23 })
  })
})
