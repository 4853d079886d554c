import type { Link } from '@antiphon/core'
import { build } from 'esbuild'
import { type Packet, parser } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { connectDevice } from '../src/index.js'
import { connectDevice as connectWebDevice } from '../src/web/index.js'
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

describe('connectDevice over the WebSocket of the platform', () => {
  it('rejects an invalid connection string, a plain socket and an option of TLS', () => {
    const text = `HostName=h;DeviceId=d;SharedAccessKey=${key}`
    const webSocket = class {} as never
    expect(() => connectWebDevice('', { url: 'wss://h/mqtt', webSocket })).toThrow(/HostName/)
    expect(() => connectWebDevice(text, { url: 'mqtts://h', webSocket })).toThrow(/use ws: or wss:/)
    expect(() => connectWebDevice(text, { url: 'wss://h', webSocket, ca: 'x' } as never)).toThrow(
      /options\.ca: it is not available/,
    )
  })
})

describe('CONNECT over the WebSocket of the platform', () => {
  it('is that of the device, with a signature and a session that outlives the connection', async () => {
    const urls: string[] = []
    let link: Link | undefined
    const sent = await new Promise<Uint8Array>((resolve) => {
      class OpenWebSocket {
        binaryType = ''
        readonly readyState = 1
        readonly bufferedAmount = 0
        readonly onopen = null
        readonly onmessage = null
        readonly onerror = null
        readonly onclose = null
        readonly send = resolve
        constructor(url: string) {
          urls.push(url)
        }
        close(): void {
          // The link does not wait for the peer.
        }
      }
      link = connectWebDevice(`HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=${key}`, {
        url: 'wss://h/mqtt',
        webSocket: OpenWebSocket,
      })
      link.state$.subscribe()
    })
    await link?.close()
    expect(urls).toEqual(['wss://h:443/mqtt'])
    const packets: Packet[] = []
    parser()
      .on('packet', (packet) => packets.push(packet))
      .parse(Buffer.from(sent))
    expect(packets).toMatchObject([
      { cmd: 'connect', protocolVersion: 4, clientId: 'd/m', clean: false, keepalive: 60 },
    ])
    expect(packets[0]).toHaveProperty('password')
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

  it('bundles the device for a web page without MQTT.js', async () => {
    const { metafile } = await build({
      stdin: {
        contents: `export { connectDevice } from './web/index.js'; export { unlock$ } from './index.js'`,
        resolveDir: new URL('../src', import.meta.url).pathname,
      },
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      metafile: true,
      treeShaking: true,
      logLevel: 'silent',
    })
    const [output] = Object.values(metafile.outputs)
    const used = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    expect(used.map(([file]) => file).filter((file) => /node_modules\/(mqtt|ws)\//.test(file))).toEqual([])
    expect(used.some(([file]) => file.endsWith('web-client.ts'))).toBe(true)
  })
})
