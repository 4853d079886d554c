import { startExampleProgram, type ExampleProgram } from '@antiphon/workshop'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { createPlatform, type Platform } from '../src/platform/index.js'
import { hello, lamp } from './world.js'

let platform: Platform

beforeEach(() => {
  platform = createPlatform({ instances: [lamp] })
})
afterEach(() => platform.close())

// Starts the device of the example and resolves when it serves commands.
async function startDevice(): Promise<ExampleProgram> {
  const { url } = await platform.listen({ protocol: 'tcp' })
  const isSubscribed = firstValueFrom(
    platform.broker.events$.pipe(filter(({ type }) => type === 'subscribed')),
  )
  const device = startExampleProgram('05-raw-commands/device.ts', {
    PLATFORM_MQTT_URL: url,
    DEVICE_USERNAME: lamp.externalKey,
    DEVICE_PASSWORD: lamp.password,
    MESSAGE_DELAY: '3600',
  })
  onTestFinished(device.kill)
  await Promise.all([isSubscribed, device.printed('Connected')])
  return device
}

const withoutTimes = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/"time": \d{13}\b/, '"time": <ms>'))

it('prints all lines of the original device until a shutdown command', { timeout: 120_000 }, async () => {
  const device = await startDevice()
  platform.invoke(lamp.id, hello)
  platform.invoke(lamp.id, { ...hello, requestData: { shutdown: true } })
  expect(withoutTimes(await device.ended())).toEqual([
    'Telemetry loop -- Press Ctrl-C to stop.',
    'Sending message #1',
    'Connected with result code Success',
    'Received command on iot/v1/cmd: {"hello":"world"}',
    'Sending ack to iot/v1/rsp: {"status": "acknowledged", "time": <ms>}',
    'Received command on iot/v1/cmd: {"shutdown":true}',
    'Shutdown command received. Preparing to exit...',
    'Sending ack to iot/v1/rsp: {"status": "acknowledged", "time": <ms>}',
    'Waiting 2 seconds to process possible /cmd messages...',
    'Terminated',
  ])
})

it('prints all lines of the original device until Ctrl-C', { timeout: 120_000 }, async () => {
  const device = await startDevice()
  device.interrupt()
  expect(await device.ended()).toEqual([
    'Telemetry loop -- Press Ctrl-C to stop.',
    'Sending message #1',
    'Connected with result code Success',
    '',
    'Interrupted by user. Exiting...',
    'Waiting 2 seconds to process possible /cmd messages...',
    'Terminated',
  ])
})
