import { startExampleProgram } from '@antiphon/workshop'
import { expect, it, onTestFinished } from 'vitest'
import { createHub } from '../src/hub/index.js'
import { formatConnectionString } from '../src/index.js'
import { unlockSpaces } from './unlock-spaces.js'

const request =
  '{"command":"unlock","commandId":"<id>","requestorId":"mobile1","authorization":"pretty pretty please","credentials":"with a cherry on top"}'

// What the original programs print, with <id> for the id of the command.
const mobileLines = [
  'mobile1: Connecting',
  'mobile1: Subscribing to vehicles/unlock/res/mobile1/# at qos 1',
  'mobile1: Subscription was granted with qos 1',
  `mobile1: Publishing to vehicles/unlock/req/car1/mobile1 at QOS 1: ${request}`,
  'mobile1: PUBACK received',
  'mobile1: response received.  Result=Success',
  'mobile1: Disconnecting',
]
const carLines = [
  'car1: Connecting',
  'car1: Subscribing to vehicles/unlock/req/car1/# at qos 1',
  'car1: Subscription was granted with qos 1',
  'car1: publishing to vehicles/unlock/res/mobile1/car1: {"commandId":"<id>","result":"Success"}',
  'car1: Disconnecting',
]

const withoutIds = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/, '<id>'))

it(
  'prints each line of the original car and phone once, and no others, and keeps the session of the car',
  { timeout: 120_000 },
  async () => {
    const hub = createHub()
    for (const { name, type, templates } of unlockSpaces) hub.topicSpaces.create({ name, type, templates })
    for (const deviceId of ['car1', 'mobile1']) hub.devices.create(deviceId)
    const string = (deviceId: string): string =>
      formatConnectionString(hub.devices.connectionString(deviceId))
    const { url } = await hub.listen({ protocol: 'tcp' })
    const env = { HUB_URL: url, CS_CAR_DEVICE: string('car1'), CS_MOBILE_DEVICE: string('mobile1') }
    const car = startExampleProgram('03-unlock-my-car/car.ts', env)
    onTestFinished(car.kill)
    await car.printed('Subscription was granted')
    const mobile = startExampleProgram('03-unlock-my-car/mobile.ts', env)
    onTestFinished(mobile.kill)
    expect(withoutIds(await mobile.ended())).toEqual(mobileLines)
    car.interrupt()
    expect(withoutIds(await car.ended())).toEqual(carLines)
    const { subscriptions = [] } = hub.broker.session('car1') ?? {}
    expect(subscriptions.map(({ filter }) => filter)).toEqual(['vehicles/unlock/req/car1/#'])
    await hub.close()
  },
)
