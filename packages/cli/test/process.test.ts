import type { Broker } from '@antiphon/broker'
import { endpoint, json, requests$, serve, text } from '@antiphon/core'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { concat, NEVER, of, range, type Observable } from 'rxjs'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { bundleProgram, startProcess, staticImportsOf, type BundledProgram } from './bundled-program.js'

let program: BundledProgram
let broker: Broker
let url = ''
let hanging: Server

beforeAll(async () => {
  program = bundleProgram()
  const started = await startBroker()
  broker = started.broker
  url = started.url
  const link = broker.link()
  const serveStream = (topic: string, items: () => Observable<unknown>): Promise<void> =>
    new Promise((resolve) => {
      const at = endpoint({ topic, request: text, response: json.unchecked(), responses: 'many' })
      requests$(link, at, { onSubscribed: resolve }).pipe(serve(items)).subscribe()
    })
  await serveStream('numbers', () => range(0, 20_000))
  await serveStream('endless', () => concat(of('first'), NEVER))
  hanging = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(hanging, 'listening')
})
afterAll(async () => {
  program.remove()
  hanging.close()
  await broker.close()
})

const env = (): Readonly<Record<string, string>> => ({ ANTIPHON_URL: url })
const hangingUrl = (): string => `mqtt://127.0.0.1:${(hanging.address() as AddressInfo).port}`

describe('the bundled command', () => {
  it('serves and sends requests as processes', async () => {
    const responder = startProcess(program, ['serve', 'room', '--respond', '22.5'], env())
    await responder.printed('serving')
    const requester = startProcess(program, ['request', 'room', 'now'], env())
    expect(await requester.ended).toEqual({ code: 0, stdout: '22.5\n', stderr: '' })
    responder.child.kill('SIGTERM')
    expect((await responder.ended).code).toBe(0)
  })

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      readonly version: string
    }
    expect((await startProcess(program, ['--version']).ended).stdout).toBe(`${version}\n`)
  })

  it('cancels on Ctrl-C and exits with 130, without a stack trace', async () => {
    const { child, ended, printed } = startProcess(
      program,
      ['request', 'endless', '--stream', '--timeout', '1h'],
      env(),
    )
    await printed('first')
    child.kill('SIGINT')
    expect(await ended).toEqual({ code: 130, stdout: '"first"\n', stderr: '' })
  })

  it('prints nothing but a summary beside many responses', async () => {
    const responder = startProcess(program, ['serve', 'many', '--echo', '--delay', '20ms'], env())
    await responder.printed('serving')
    const { ended } = startProcess(
      program,
      ['request', 'many', 'x', '--count', '40', '--concurrency', '20'],
      env(),
    )
    const { code, stderr } = await ended
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^40 answered, 0 failed in [\d.]+ ms\n$/)])
    responder.child.kill('SIGINT')
    await responder.ended
  })

  it('leaves at once on a second Ctrl-C', async () => {
    const { child, ended, printed } = startProcess(
      program,
      ['serve', 'slow', '--respond', 'x', '--delay', '1h', '--drain-timeout', '1h', '--verbose'],
      env(),
    )
    await printed('serving')
    const requester = startProcess(program, ['request', 'slow', '--timeout', '1h'], env())
    await printed('< PUBLISH slow')
    child.kill('SIGINT')
    await printed('> UNSUBSCRIBE')
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
    requester.child.kill('SIGINT')
    expect((await requester.ended).code).toBe(130)
  })

  it('exits with 8 if the broker accepts the connection and then says nothing', async () => {
    const { ended } = startProcess(program, ['request', 'x', '--timeout', '300ms', '--url', hangingUrl()])
    expect(await ended).toMatchObject({ code: 8, stdout: '' })
  })

  it('leaves a broker that says nothing on Ctrl-C', async () => {
    const { child, ended, printed } = startProcess(program, [
      'request',
      'x',
      '-t',
      '1h',
      '-v',
      '--url',
      hangingUrl(),
    ])
    await printed('> CONNECT')
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
  })

  it('exits with 141 if the reader of its output leaves', async () => {
    const { child, ended } = startProcess(program, ['request', 'numbers', '--stream'], env())
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await ended).toMatchObject({ code: 141, stderr: '' })
  })

  it('exits with 141 if the reader of the output of a responder leaves', async () => {
    const { child, ended, printed } = startProcess(program, ['serve', 'left', '--echo'], env())
    await printed('serving')
    child.stdout?.destroy()
    const requests = ['request', 'left', 'x', '--count', '3', '--concurrency', '1']
    await startProcess(program, requests, env()).ended
    expect(await ended).toMatchObject({ code: 141 })
  })

  it('serves the page of the inspector, which it is published with', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      readonly files: readonly string[]
      readonly scripts: { readonly prepack: string }
    }
    expect(manifest.files).toContain('page/dist')
    expect(manifest.scripts.prepack).toContain('--outDir ../../cli/page/dist')
    await build({
      root: fileURLToPath(new URL('../../inspector/page/', import.meta.url)),
      base: './',
      build: { outDir: join(dirname(program.file), '..', 'page', 'dist') },
      logLevel: 'error',
    })
    const { child, ended, printed } = startProcess(program, ['inspect', '--json'], env())
    let shown = ''
    child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()))
    await printed('token=')
    const { url: page } = JSON.parse(shown) as { readonly url: string }
    expect(await (await fetch(page)).text()).toContain('<title>Antiphon inspector</title>')
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('loads for a request neither the formats nor the commands that it does not use', () => {
    const folder = join(dirname(program.file), 'bundle')
    const files = readdirSync(folder)
    const [run] = files.filter((name) => name.startsWith('run-request-'))
    const start = files.filter((name) => name.startsWith('program-'))
    const seen = new Set<string>()
    const loaded = [run ?? '', ...start].map((name) => staticImportsOf(join(folder, name), seen)).join('')
    expect(loaded).toContain('// src/request/run-request.ts')
    // How much is loaded has a budget in the check of sizes; start.nightly.test.ts measures the time.
    for (const unused of [
      'cborg/',
      '@msgpack/',
      '../broker/',
      '../asyncapi/',
      'src/serve/',
      'src/mqtt/src/proxy',
      ...['aws-iot', 'azure-iot-operations', 'nestjs', 'shelly', 'thingsboard', 'zigbee2mqtt'].map(
        (name) => `../${name}/`,
      ),
    ])
      expect([
        unused,
        loaded.split('\n').filter((line) => line.startsWith('// ') && line.includes(unused)),
      ]).toEqual([unused, []])
  })
})
