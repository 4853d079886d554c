import { json } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { callMethod, notifications$, type ShellyMethod } from '@antiphon/shelly'
import { localDevice } from '@antiphon/shelly/local'
import { describeForeign, foreignCommand, startMosquitto } from '@antiphon/workshop'
import * as t from 'io-ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { firstValueFrom, of } from 'rxjs'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'

/** A device that answers Switch.Set after a notification, and other methods by an error. */
const pahoDevice = `
import json, sys
import paho.mqtt.client as mqtt

device = "shelly-paho"
client = mqtt.Client(client_id=device)
def on_message(client, userdata, message):
    call = json.loads(message.payload)
    response = {"id": call["id"], "src": device, "dst": call["src"]}
    if call["method"] == "Switch.Set":
        change = {"ts": 1631266595.43, "switch:0": {"id": 0, "output": call["params"]["on"], "source": "MQTT"}}
        notification = {"src": device, "dst": device + "/events", "method": "NotifyStatus", "params": change}
        client.publish(device + "/events/rpc", json.dumps(notification))
        response["result"] = {"was_on": False}
    else:
        response["error"] = {"code": 404, "message": "No handler for " + call["method"]}
    client.publish(call["src"] + "/rpc", json.dumps(response))
client.on_message = on_message
client.on_connect = lambda client, *_: client.subscribe(device + "/rpc")
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
`

/** A client that calls Switch.Set and prints the response. */
const pahoClient = `
import json, sys
import paho.mqtt.client as mqtt

client = mqtt.Client(client_id="user_1")
call = {"id": 123, "src": "user_1", "method": "Switch.Set", "params": {"id": 0, "on": True}}
def on_message(client, userdata, message):
    print(message.payload.decode(), flush=True)
    client.disconnect()
client.on_message = on_message
client.on_connect = lambda client, *_: client.subscribe("user_1/rpc")
client.on_subscribe = lambda client, *_: client.publish("shelly-local/rpc", json.dumps(call))
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
`

const setSwitch: ShellyMethod<{ readonly id: number; readonly on: boolean }, { readonly was_on: boolean }> = {
  name: 'Switch.Set',
  params: json(t.type({ id: t.number, on: t.boolean })),
  result: json(t.type({ was_on: t.boolean })),
}

describeForeign(['mosquitto', 'python3-paho-mqtt'], 'Shelly devices on Mosquitto', () => {
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
    'call a device that is a paho program, over version %d',
    async (protocolVersion) => {
      await once(run(pahoDevice).lines, 'line')
      const link = connect(url, { protocolVersion })
      onTestFinished(() => link.close())
      const options = { device: 'shelly-paho', source: 'hub' }
      const notification = firstValueFrom(notifications$(link, options.device))
      await firstValueFrom(link.subscription$(`${options.device}/events/rpc`))
      await expect(callMethod(link, setSwitch, { id: 0, on: true }, options)).resolves.toEqual({
        was_on: false,
      })
      await expect(notification).resolves.toMatchObject({ params: { 'switch:0': { output: true } } })
      const unknown = { ...setSwitch, name: 'Cover.Open' }
      await expect(callMethod(link, unknown, { id: 0, on: true }, options)).rejects.toMatchObject({
        status: { code: 404, message: 'No handler for Cover.Open' },
      })
    },
  )

  it('answer a client that is a paho program', async () => {
    const link = connect(url, { protocolVersion: 4 })
    onTestFinished(() => link.close())
    const methods = { 'Switch.Set': () => of({ was_on: true }) }
    const served = localDevice(link, { device: 'shelly-local', methods }).served$.subscribe()
    onTestFinished(() => served.unsubscribe())
    await firstValueFrom(link.subscription$('shelly-local/rpc'))
    const [line] = (await once(run(pahoClient).lines, 'line')) as [string]
    expect(JSON.parse(line)).toEqual({ id: 123, result: { was_on: true } })
  })
})
