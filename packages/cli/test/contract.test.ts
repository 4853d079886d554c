import type { Broker } from '@antiphon/broker'
import { requests$, serve } from '@antiphon/core'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { of } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { carDocument } from './contract-document.js'
import { blob, greet, numbers, tagged } from './contract-module.js'
import { antiphon, antiphonWithTimeout, startAntiphon, type Running } from './run-antiphon.js'

const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
const document = join(folder, 'car.json')
const module = fileURLToPath(new URL('contract-module.ts', import.meta.url))
let broker: Broker
let url = ''
let running: Running[] = []

beforeAll(async () => {
  writeFileSync(document, JSON.stringify(carDocument))
  writeFileSync(join(folder, 'empty.yaml'), 'asyncapi: 3.1.0\ninfo: {title: Empty, version: 1.0.0}\n')
  const started = await startBroker()
  broker = started.broker
  url = started.url
  const link = broker.link()
  await new Promise<void>((resolve) => {
    requests$(link, greet, { onSubscribed: resolve })
      .pipe(serve(({ value }) => of(`hello ${value}`)))
      .subscribe()
  })
  requests$(link, blob)
    .pipe(serve(({ value }) => of(value)))
    .subscribe()
  requests$(link, numbers)
    .pipe(serve(() => of(1, 2)))
    .subscribe()
  await new Promise<void>((resolve) => {
    requests$(link, tagged, { onSubscribed: resolve })
      .pipe(serve(({ value }) => of(value)))
      .subscribe()
  })
})
afterEach(async () => {
  for (const each of running) each.interrupt()
  await Promise.all(running.map(({ ended }) => ended))
  running = []
})
afterAll(async () => {
  await broker.close()
  rmSync(folder, { recursive: true })
})

async function mock(...args: readonly string[]): Promise<Running> {
  const started = startAntiphon(['mock', document, ...args, '--url', url])
  running.push(started)
  await started.printed(args.includes('--json') ? '"ready"' : 'mocking')
  return started
}
const call = (...args: readonly string[]) => antiphon(['request', ...args, '--url', url])
const unlock = (...args: readonly string[]) =>
  call('unlock', '--contract', document, '--param', 'vin=car7', ...args)

describe('antiphon request --contract', () => {
  it('sends a request to an operation of an AsyncAPI document', async () => {
    await mock()
    const { code, stdout } = await unlock('{"door":"front","force":true,"by":{"name":"ann"}}')
    expect([code, Object.keys(JSON.parse(stdout) as object)]).toEqual([0, ['ok']])
  })

  it('refuses a value that the schema does not accept, before it is sent', async () => {
    const { code, stderr } = await unlock('{"door":"roof","force":true,"by":{"name":"ann"}}', '-v')
    expect([code, stderr]).toEqual([2, expect.stringContaining('$.door')])
    expect(stderr).not.toContain('> PUBLISH')
  })

  it('adds what the schema requires with --complete', async () => {
    await mock()
    const { code, stderr } = await unlock('{"door":"rear","by":{}}', '--complete', '-v')
    expect([code, stderr]).toEqual([0, expect.stringContaining('> PUBLISH cars/car7/unlock')])
    expect(await unlock('--complete')).toMatchObject({ code: 0 })
  })

  it('sends a request to an endpoint that a module exports, by its name in either', async () => {
    expect(await call('greet', 'ann', '--contract', module)).toMatchObject({ code: 0, stdout: 'hello ann\n' })
    expect(await call('the blob', 'ff', '--contract', module, '--in', 'hex', '--out', 'hex')).toMatchObject({
      stdout: 'ff\n',
    })
    expect(await call('numbers', '{}', '--contract', module)).toMatchObject({ code: 0, stdout: '1\n2\n' })
  })

  it('leaves the token of a correlation to the library', async () => {
    const { stdout } = await call('tagged', '{"a":1}', '--contract', module, '--complete')
    expect(JSON.parse(stdout)).toMatchObject({ a: 1, id: expect.any(String) as string })
  })

  it('fills a template for each request', async () => {
    const args = ['greet', '{{count}}', '--template', '--count', '2', '--contract', module]
    expect(await call(...args)).toMatchObject({ stdout: 'hello 1\nhello 2\n' })
  })

  it.each<[readonly string[], string | RegExp]>([
    [['grete', '--contract', module], /has no endpoint grete: did you mean greet\?/],
    [['x', '--contract', join(folder, 'empty.yaml')], /empty\.yaml has no endpoint x: it has no endpoint/],
    [['x', '--contract', '/missing.json'], /cannot read --contract \/missing\.json: ENOENT/],
    [['x', '--contract', '/missing.js'], /cannot read --contract \/missing\.js: /],
    [
      ['unlock', '--contract', document, '--param', 'vin=1'],
      /the payload is missing: pass JSON, or set --complete to generate it/,
    ],
    [
      ['unlock', '{}', '--contract', document, '--stream'],
      /--contract says what --stream would: leave that out/,
    ],
    [
      ['unlock', '{}', '--contract', document, '--content-type', 'a/b'],
      /--contract says what --content-type would/,
    ],
    [['x', '--complete'], /--complete needs --contract, whose schema it reads/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await call(...args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
    expect(stderr.match(/\n/g)).toHaveLength(1)
  })
})

describe('antiphon mock', () => {
  it('responds with generated values, and prints each request', async () => {
    const { interrupt, ended } = await mock('--seed', '7')
    const { stdout } = await call('greet', 'x', '--contract', document)
    expect(await call('greet', 'x', '--contract', document)).toMatchObject({ code: 0 })
    interrupt()
    const ended7 = await ended
    expect([ended7.code, ended7.stdout]).toEqual([
      0,
      expect.stringMatching(/^cars\/greet x responded in [\d.]+ ms\n/),
    ])
    expect(stdout).not.toBe('')
  })

  it('fails as the options say', async () => {
    await mock('--json', '--fault', 'greet=failure', '--fault', 'unlock=silence')
    expect(await call('greet', 'x', '--contract', document)).toMatchObject({ code: 5 })
    const args = [
      'request',
      'unlock',
      '--contract',
      document,
      '--param',
      'vin=car7',
      '--complete',
      '--url',
      url,
    ]
    expect(await antiphonWithTimeout(args)).toMatchObject({ code: 3 })
  })

  it('waits as the options say', async () => {
    await mock('--fault', '*=200ms')
    const { records } = await call('greet', 'x', '--contract', document, '--json')
    expect(Number(records()[0]?.['milliseconds'])).toBeGreaterThanOrEqual(195)
  })

  it.each<[readonly string[], RegExp]>([
    [[join(folder, 'missing.json')], /^antiphon: cannot read .*missing\.json: ENOENT/],
    [[join(folder, 'empty.yaml')], /^antiphon: no operation of the document can be served: it has none/],
    [
      [document, '--fault', 'open=failure'],
      /^antiphon: --fault names open, which .* does not have: use unlock, greet or \*/,
    ],
    [[document, '--fault', 'open'], /^antiphon: --fault is open: it must be <operation>=<fault>/],
    [[document, '--fault', 'open=never'], /^antiphon: --fault is open=never: it must be a duration/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await antiphon(['mock', ...args, '--url', url])
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })

  it('exits with 7 if the broker refuses a subscription', async () => {
    const refusing = await startBroker({ authority: { authorizeSubscribe: () => ({ refuse: 0x87 }) } })
    expect(await antiphon(['mock', document, '--url', refusing.url])).toMatchObject({ code: 7 })
    await refusing.broker.close()
  })
})

describe('antiphon contract', () => {
  it('runs the command of the contracts', async () => {
    const { code, stdout } = await antiphon(['contract', 'diff', document, document])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/\n$/)])
    expect((await antiphon(['contract', '--help'])).stdout).toContain('antiphon-contract')
    expect(await antiphon(['contract', 'dif'])).toMatchObject({ code: 2 })
    expect(await antiphon(['contract', 'mock', document])).toMatchObject({
      code: 2,
      stderr: 'antiphon: mock is a command of its own here: antiphon mock\n',
    })
  })
})
