import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { connectDevice } from '../src/index.js'
import { firstState } from './first-state.js'

const key = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

describe('connectDevice', () => {
  it.each([
    ['an empty connection string', '', {}],
    ['an unknown field', `HostName=h;DeviceId=d;SharedAccessKey=${key};Port=1`, {}],
    [
      'a renewBefore as long as the validity',
      `HostName=h;DeviceId=d;SharedAccessKey=${key}`,
      { validity: 60_000, renewBefore: 60_000 },
    ],
    ['a validity in seconds', `HostName=h;DeviceId=d;SharedAccessKey=${key}`, { validity: 3_600 }],
  ])('connectDevice rejects %s before it sends anything', (_, text, options) => {
    expect(() => connectDevice(text, options)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

describe('connectDevice without a url', () => {
  it.each([
    ['GatewayHostName', `HostName=hub.invalid;GatewayHostName=127.0.0.1;DeviceId=d;SharedAccessKey=${key}`],
    ['HostName', `HostName=127.0.0.1;DeviceId=d;SharedAccessKey=${key}`],
  ])('connects over TLS to port 8883 of %s', async (_, text) => {
    const link = connectDevice(text, { connectTimeout: 1_000 })
    expect(await firstState(link.state$)).toMatchObject({
      error: { message: expect.stringContaining('mqtts://127.0.0.1:8883') as string },
    })
    await link.close()
  })
})

describe('the device side', () => {
  it('bundles the device side for the browser without Node modules or the broker', async () => {
    const { metafile } = await build({
      entryPoints: [new URL('../src/index.ts', import.meta.url).pathname],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      metafile: true,
      logLevel: 'silent',
      external: ['mqtt'],
    })
    const inputs = Object.keys(metafile.inputs)
    expect(inputs.filter((file) => file.includes('broker') || file.startsWith('node:'))).toEqual([])
    expect(inputs.some((file) => file.endsWith('connect-device.ts'))).toBe(true)
  })
})
