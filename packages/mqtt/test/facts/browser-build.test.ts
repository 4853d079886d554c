import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { mqttTransport } from '@antiphon/mqtt'
import { build, createLogger, type Rollup } from 'vite'
import { afterEach, expect, it, vi } from 'vitest'
import { toClientOptions } from '../../src/client-options.js'

/** Bundles the package for a browser. */
async function bundled(): Promise<{
  readonly chunks: readonly Rollup.OutputChunk[]
  readonly warnings: readonly string[]
}> {
  const warnings: string[] = []
  const customLogger = { ...createLogger('silent'), warn: (text: string) => warnings.push(text) }
  const output = (await build({
    configFile: false,
    customLogger,
    root: fileURLToPath(new URL('../..', import.meta.url)),
    build: {
      write: false,
      lib: { entry: 'src/index.ts', formats: ['es'] },
      rollupOptions: { onwarn: ({ message }) => warnings.push(message) },
    },
  })) as Rollup.RollupOutput[]
  return { chunks: output.flatMap(({ output }) => output).filter((file) => file.type === 'chunk'), warnings }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

it('fact 22: the browser build imports nothing from Node and stays below 150 kB compressed', async () => {
  const { chunks, warnings } = await bundled()
  expect(warnings.filter((text) => !/CommonJS|eval|chunks are larger/.test(text))).toEqual([])
  const imports = chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports])
  expect(imports.filter((name) => isBuiltin(name))).toEqual([])
  expect(imports.filter((name) => !chunks.some((chunk) => chunk.fileName === name))).toEqual([])
  const code = chunks.map((chunk) => chunk.code).join('')
  expect(code).not.toContain('__vite-browser-external')
  const kilobytes = gzipSync(code).length / 1024
  expect(kilobytes).toBeLessThan(150)
})

it('fact 22: passes timerVariant to MQTT.js', () => {
  const packet = { clientId: 'x', cleanStart: true, keepAlive: 60, properties: {} }
  const chosen = toClientOptions(packet, 5, { timerVariant: 'native' })
  expect(chosen.timerVariant).toBe('native')
})

it('fact 22: rejects TCP URLs and TLS options in a browser', () => {
  vi.stubGlobal('window', { document: {} })
  expect(() => mqttTransport('mqtt://h')).toThrow(/in a browser, use ws: or wss:/)
  expect(() => mqttTransport('wss://h', { ca: 'x' })).toThrow(/options\.ca .*not available in a browser/)
  expect(() => mqttTransport('wss://h')).not.toThrow()
})
