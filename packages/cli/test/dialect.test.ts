import { ApplicationError, json, type JsonMethod, type Link } from '@antiphon/core'
import { callMethod } from '@antiphon/shelly'
import { localDevice } from '@antiphon/shelly/local'
import { localPlatform } from '@antiphon/thingsboard/local'
import { callBridge } from '@antiphon/zigbee2mqtt'
import { localBridge } from '@antiphon/zigbee2mqtt/local'
import { firstValueFrom, of, throwError } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon } from './run-antiphon.js'

const anything = json.unchecked<object>()
const method = (name: string): JsonMethod<object, object> => ({ name, params: anything, result: anything })

async function start(): Promise<{ readonly link: Link; readonly url: string }> {
  const { broker, url } = await startBroker()
  onTestFinished(() => broker.close())
  return { link: broker.link(), url }
}

describe('--dialect', () => {
  it('calls a Shelly device, and reports its errors', async () => {
    const { link, url } = await start()
    const methods = { 'Switch.Set': () => of({ was_on: false }) }
    localDevice(link, { device: 'lamp', methods }).served$.subscribe()
    await firstValueFrom(link.subscription$('lamp/rpc'))
    const options = ['--dialect', 'shelly', '--mqtt-version', '4', '--out', 'json', '--url', url]
    const { code, stdout, stderr } = await antiphon([
      ...['request', 'lamp/rpc', '{"method":"Switch.Set","params":{"id":0}}'],
      ...options,
    ])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({ id: expect.any(Number) as number, result: { was_on: false } })
    const failed = await antiphon(['request', 'lamp/rpc', '{"method":"Dance"}', ...options])
    expect([failed.code, failed.stderr]).toEqual([5, expect.stringContaining('No handler for Dance')])
  })

  it('responds as a Shelly device, to the topic that the request names', async () => {
    const { link, url } = await start()
    const args = ['serve', 'lamp/rpc', '--respond', '{"result":{"was_on":true}}', '--dialect', 'shelly']
    const { printed, interrupt, ended } = startAntiphon([...args, '--url', url])
    await printed('serving')
    const options = { device: 'lamp', source: 'hub' }
    await expect(callMethod(link, method('Switch.Set'), {}, options)).resolves.toEqual({ was_on: true })
    interrupt()
    expect((await ended).code).toBe(0)
  })

  it('sends requests to Zigbee2MQTT, and reports its errors', async () => {
    const { link, url } = await start()
    const missing = new ApplicationError({ code: 'unknown', message: "Device 'x' does not exist" })
    localBridge(link, {
      requests: {
        permit_join: ({ time }) => of({ time }),
        'device/remove': () => throwError(() => missing),
      },
    }).served$.subscribe()
    await firstValueFrom(link.subscription$('zigbee2mqtt/bridge/request/device/remove'))
    const options = ['--dialect', 'zigbee2mqtt', '--out', 'json', '--url', url]
    const topic = 'zigbee2mqtt/bridge/request'
    const joined = await antiphon(['request', `${topic}/permit_join`, '{"time":60}', ...options])
    expect(JSON.parse(joined.stdout)).toMatchObject({ status: 'ok', data: { time: 60 } })
    const failed = await antiphon(['request', `${topic}/device/remove`, '{"id":"x"}', ...options])
    expect([failed.code, failed.stderr]).toEqual([5, expect.stringContaining("Device 'x' does not exist")])
  })

  it('responds as Zigbee2MQTT', async () => {
    const { link, url } = await start()
    const topic = 'zigbee2mqtt/bridge/request/health_check'
    const response = '{"status":"ok","data":{"healthy":true}}'
    const args = ['serve', topic, '--respond', response, '--dialect', 'zigbee2mqtt', '--url', url]
    const { printed, interrupt, ended } = startAntiphon(args)
    await printed('serving')
    await expect(callBridge(link, method('health_check'), {})).resolves.toEqual({ healthy: true })
    interrupt()
    expect((await ended).code).toBe(0)
  })

  it('calls ThingsBoard as a device, reads attributes, and serves its calls', async () => {
    const platform = localPlatform({
      devices: { heater: { shared: { period: 5 } } },
      methods: { getCurrentTime: () => of({ time: 7 }) },
    })
    onTestFinished(() => platform.close())
    const { url } = await platform.listen({ protocol: 'tcp', host: '127.0.0.1' })
    const options = ['--dialect', 'thingsboard', '--username', 'heater', '--out', 'json', '--url', url]
    const topic = 'v1/devices/me'
    const called = await antiphon([
      ...['request', `${topic}/rpc/request`, '{"method":"getCurrentTime","params":{}}'],
      ...options,
    ])
    expect([called.code, called.stderr, called.stdout]).toEqual([
      0,
      '',
      expect.stringContaining('7') as string,
    ])
    const read = await antiphon([
      'request',
      `${topic}/attributes/request/{id}`,
      '{"sharedKeys":"period"}',
      ...options,
    ])
    expect(JSON.parse(read.stdout)).toEqual({ shared: { period: 5 } })
    const failed = await antiphon(['request', `${topic}/rpc/request`, '{"method":"dance"}', ...options])
    expect([failed.code, failed.stderr]).toEqual([5, expect.stringContaining('No handler for dance')])
    const { printed, interrupt, ended } = startAntiphon([
      ...['serve', `${topic}/rpc/request`, '--respond', '{"was":20}'],
      ...options,
    ])
    await printed('serving')
    const call$ = platform.callDevice$('heater', method('setTemperature'), { value: 26 })
    await expect(firstValueFrom(call$)).resolves.toEqual({ was: 20 })
    interrupt()
    expect((await ended).code).toBe(0)
  })

  it.each<[string, readonly string[], string]>([
    ['x', ['shelly'], '--dialect shelly needs a topic such as <device>/rpc'],
    ['x', ['zigbee2mqtt'], '--dialect zigbee2mqtt needs a topic such as zigbee2mqtt/bridge/request/<name>'],
    [
      'v1/devices/lamp/rpc/request',
      ['thingsboard'],
      '--dialect thingsboard needs a topic such as v1/devices/me/rpc/request, or …/attributes/request',
    ],
    [
      'lamp/rpc',
      ['shelly', '--correlation', 'topic'],
      '--dialect says how responses are matched: leave out --correlation',
    ],
    [
      'v1/devices/me/rpc/request',
      ['thingsboard', '--response-topic', 'r'],
      '--dialect thingsboard says where responses arrive: leave out --response-topic',
    ],
    [
      'lamp',
      ['shelly', '--contract', 'contract.json'],
      '--contract says what --dialect would: leave that out',
    ],
    [
      '$aws/things/lamp/shadow',
      ['aws-iot'],
      '--dialect aws-iot needs a topic such as $aws/things/<thing>/shadow/get, or one of jobs or commands',
    ],
    ['x', ['nestj'], '--dialect is nestj: did you mean nestjs?'],
    [
      'x',
      ['magic'],
      '--dialect is magic: use aws-iot, azure-iot-operations, nestjs, shelly, thingsboard, zigbee2mqtt; see antiphon request --help',
    ],
  ])('refuses %s with %j', async (topic, options, message) => {
    const { code, stderr } = await antiphon(['request', topic, '{}', '--dialect', ...options])
    expect([code, stderr.slice('antiphon: '.length, -1)]).toEqual([2, message])
  })

  it('takes another response topic for Shelly', async () => {
    const { link, url } = await start()
    localDevice(link, { device: 'lamp' }).served$.subscribe()
    await firstValueFrom(link.subscription$('lamp/rpc'))
    const response = firstValueFrom(link.messages$('shell/rpc'))
    const args = ['request', 'lamp/rpc', '{"method":"Shelly.GetStatus"}', '--dialect', 'shelly', '--url', url]
    expect(await antiphon([...args, '--response-topic', 'shell/rpc'])).toMatchObject({ code: 0 })
    await expect(response).resolves.toMatchObject({ topic: 'shell/rpc' })
  })
})
