import { AntiphonError, ignoredRequests$, type Link, type IgnoredRequest } from '@antiphon/core'
import { bufferCount, firstValueFrom, lastValueFrom, map, of, take, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDevice, formatConnectionString, serveUnlock, unlock$ } from '../../src/index.js'
import { createHub } from '../../src/hub/index.js'
import { unlockSpaces } from '../unlock-spaces.js'

const hub = createHub()
for (const { name, type, templates } of unlockSpaces) hub.topicSpaces.create({ name, type, templates })
let url = ''
const links: Link[] = []
beforeAll(async () => ({ url } = await hub.listen({ protocol: 'tcp' })))
afterAll(async () => {
  await Promise.all(links.map((link) => link.close()))
  await hub.close()
})

function device(deviceId: string): Link {
  hub.devices.create(deviceId)
  const link = connectDevice(formatConnectionString(hub.devices.connectionString(deviceId)), { url })
  links.push(link)
  return link
}

const command = (commandId: string, requestorId: string): string =>
  JSON.stringify({ command: 'unlock', commandId, requestorId, authorization: 'a', credentials: 'c' })

describe('serveUnlock at a hub over TCP', () => {
  it('acknowledges malformed commands without a response, and runs the commands after them', async () => {
    const [car, phone] = [device('car1'), device('mobile1')]
    const ignored: IgnoredRequest[] = []
    ignoredRequests$(car).subscribe((request) => ignored.push(request))
    serveUnlock(car, 'car1').subscribe()
    await firstValueFrom(car.subscription$('vehicles/unlock/req/car1/#'))
    const malformed = [
      '',
      '{',
      '[]',
      '7',
      'null',
      '"unlock"',
      '{"command":"unlock"}',
      '\ufffd',
      '{"__proto__":1}',
    ]
    const payloads = [...malformed.map((text) => Buffer.from(text)), Uint8Array.of(0xff, 0xfe)]
    for (const payload of payloads)
      await lastValueFrom(phone.publish$({ topic: 'vehicles/unlock/req/car1/mobile1', payload }))
    const unlocked$ = of('car1').pipe(unlock$(phone, 'mobile1', { timeout: 60_000 }))
    expect(await lastValueFrom(unlocked$)).toMatchObject({ result: 'Success' })
    const invalidCount = () => ignored.filter(({ reason }) => reason === 'invalid').length
    expect(invalidCount()).toBe(payloads.length)
    hub.broker.disconnect('car1')
    await firstValueFrom(car.state$.pipe(bufferCount(3)))
    expect(await lastValueFrom(of('car1').pipe(unlock$(phone, 'mobile1', { timeout: 60_000 })))).toBeDefined()
    expect(invalidCount()).toBe(payloads.length)
    await car.close()
    expect(hub.broker.session('car1')).toMatchObject({ queued: 0, inFlight: 0 })
  })

  it('refuses a command whose requestorId is another phone, and responds to the phone in the topic', async () => {
    const [car, phone, other] = [device('car2'), device('mobile2'), device('mobile3')]
    serveUnlock(car, 'car2').subscribe()
    const responses = Promise.all(
      [phone, other].map((link, at) =>
        lastValueFrom(
          link.messages$(`vehicles/unlock/res/mobile${at + 2}/#`).pipe(
            map(({ topic, payload }) => [topic, new TextDecoder().decode(payload)]),
            take(1),
            toArray(),
          ),
        ),
      ),
    )
    await firstValueFrom(phone.subscription$('vehicles/unlock/res/mobile2/#'))
    await firstValueFrom(other.subscription$('vehicles/unlock/res/mobile3/#'))
    await firstValueFrom(car.subscription$('vehicles/unlock/req/car2/#'))
    const sendRequest = (link: Link, topic: string, payload: string) =>
      lastValueFrom(link.publish$({ topic, payload: Buffer.from(payload) }))
    await sendRequest(phone, 'vehicles/unlock/req/car2/mobile2', command('1', 'mobile3'))
    await sendRequest(other, 'vehicles/unlock/req/car2/mobile3', command('2', 'mobile3'))
    expect(await responses).toEqual([
      [
        [
          'vehicles/unlock/res/mobile2/car2',
          '{"commandId":"1","result":"refused: requestorId is not mobile2, the device that sent the command"}',
        ],
      ],
      [['vehicles/unlock/res/mobile3/car2', '{"commandId":"2","result":"Success"}']],
    ])
  })

  it('fails with publish-refused when a phone publishes to the topic of another phone', async () => {
    const phone = device('mobile4')
    const forged = phone.publish$({
      topic: 'vehicles/unlock/req/car1/mobile1',
      payload: Buffer.from(command('3', 'mobile1')),
    })
    const error = await lastValueFrom(forged).catch((cause: unknown) => AntiphonError.from(cause))
    expect(error).toMatchObject({ code: 'publish-refused', topic: 'vehicles/unlock/req/car1/mobile1' })
  })
})
