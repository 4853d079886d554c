import { callPlatform, getAttributes$, serveMethods$ } from '@antiphon/thingsboard'
import { localPlatform } from '@antiphon/thingsboard/local'
import { connect } from '@antiphon/mqtt'
import { describeForeign, foreignCommand, startMosquitto } from '@antiphon/workshop'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { firstValueFrom, of } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { getCurrentTime, setTemperature } from './methods.js'

/** A platform that answers calls by the time or an error, and requests for attributes. */
const pahoPlatform = `
import json, sys
import paho.mqtt.client as mqtt

client = mqtt.Client(client_id="platform")
def on_message(client, userdata, message):
    request = json.loads(message.payload)
    if "/attributes/" in message.topic:
        response = {"client": {}, "shared": {key: 5 for key in request["sharedKeys"].split(",")}}
    elif request["method"] == "getCurrentTime":
        response = {"time": 7}
    else:
        response = {"error": "unknown method"}
    client.publish(message.topic.replace("/request/", "/response/"), json.dumps(response))
client.on_message = on_message
topics = [("v1/devices/me/rpc/request/+", 1), ("v1/devices/me/attributes/request/+", 1)]
client.on_connect = lambda client, *_: client.subscribe(topics)
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
`

/** A device that serves setTemperature, and prints the response to its own call before. */
const pahoDevice = `
import json, sys
import paho.mqtt.client as mqtt

client = mqtt.Client()
client.username_pw_set("heater")
def on_message(client, userdata, message):
    if "/rpc/response/" in message.topic:
        print(message.topic, message.payload.decode(), flush=True)
    else:
        client.publish(message.topic.replace("/request/", "/response/"), json.dumps({"was": 20}))
client.on_message = on_message
client.on_connect = lambda client, *_: client.subscribe([("v1/devices/me/rpc/response/+", 1), ("v1/devices/me/rpc/request/+", 1)])
call = json.dumps({"method": "getCurrentTime", "params": {}})
client.on_subscribe = lambda client, *_: client.publish("v1/devices/me/rpc/request/1", call)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
`

describeForeign(['mosquitto', 'python3-paho-mqtt'], 'ThingsBoard and paho', () => {
  function run(program: string, url: string): { readonly child: ChildProcess; readonly lines: Interface } {
    const python = foreignCommand('python3-paho-mqtt') ?? 'python3'
    const child = spawn(python, ['-c', program, new URL(url).port], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    return { child, lines: createInterface({ input: child.stdout }) }
  }

  it.each([4, 5] as const)(
    'call a platform that is a paho program on Mosquitto, over version %d',
    async (protocolVersion) => {
      const { url, stop } = await startMosquitto()
      onTestFinished(() => stop())
      await once(run(pahoPlatform, url).lines, 'line')
      const link = connect(url, { protocolVersion })
      onTestFinished(() => link.close())
      await expect(callPlatform(link, getCurrentTime, {})).resolves.toEqual({ time: 7 })
      await expect(callPlatform(link, setTemperature, { value: 26 })).rejects.toMatchObject({
        status: { code: 500, message: 'unknown method' },
      })
      await expect(firstValueFrom(getAttributes$(link, { shared: ['period'] }))).resolves.toEqual({
        client: {},
        shared: { period: 5 },
      })
    },
  )

  it('call and answer a device that is a paho program', async () => {
    const platform = localPlatform({
      devices: { heater: {}, lamp: {} },
      methods: { getCurrentTime: () => of({ time: 7 }) },
    })
    onTestFinished(() => platform.close())
    const other = serveMethods$(platform.link('lamp'), {}).subscribe()
    onTestFinished(() => other.unsubscribe())
    const { url } = await platform.listen({ protocol: 'tcp' })
    const [line] = (await once(run(pahoDevice, url).lines, 'line')) as [string]
    expect(line).toBe('v1/devices/me/rpc/response/1 {"time":7}')
    await expect(
      firstValueFrom(platform.callDevice$('heater', setTemperature, { value: 26 })),
    ).resolves.toEqual({ was: 20 })
  })
})
