import type { Broker } from '@antiphon/broker'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon } from './run-antiphon.js'

let broker: Broker
let url = ''
let home = ''
let env: Readonly<Record<string, string>> = {}

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
})
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
  env = { HOME: home }
  return () => rmSync(home, { recursive: true })
})
afterAll(() => broker.close())

const context = (...args: readonly string[]) => antiphon(['context', ...args], { env })
const request = (...args: readonly string[]) => antiphon(['request', 'missing', '-v', ...args], { env })

describe('antiphon context', () => {
  it('stores connection options that other commands use', async () => {
    expect(await context('save', 'home', '--url', url, '--client-id', 'stored')).toMatchObject({ code: 0 })
    expect((await request('--context', 'home')).stderr).toContain('CONNACK stored')
    expect((await request('--context', 'home', '--client-id', 'other')).stderr).toContain('CONNACK other')
    const named = { env: { ...env, ANTIPHON_CONTEXT: 'home' } }
    expect((await antiphon(['request', 'missing', '-v'], named)).stderr).toContain('CONNACK stored')
  })

  it('uses one where no other is named, unless the broker is', async () => {
    await context('save', 'home', '--url', url, '--client-id', 'stored')
    await context('use', 'home')
    expect((await request()).stderr).toContain('CONNACK stored')
    expect((await request('--url', url)).stderr).not.toContain('CONNACK stored')
    const configured = { env: { ...env, ANTIPHON_URL: url } }
    expect((await antiphon(['request', 'missing', '-v'], configured)).stderr).not.toContain('CONNACK stored')
  })

  it('lists, shows and deletes contexts', async () => {
    expect((await context('list')).stdout).toBe('')
    await context('save', 'work', '--url', url)
    await context('save', 'home', '--url', url, '--keepalive', '5')
    await context('use', 'home')
    expect((await context('list')).stdout).toBe('* home\n  work\n')
    expect(JSON.parse((await context('show', 'home')).stdout)).toEqual({ url: [url], keepalive: 5 })
    await context('delete', 'home')
    await context('delete', 'work')
    expect((await context('list')).stdout).toBe('')
  })

  it('keeps its files from other users', async () => {
    await context('save', 'home', '--url', url)
    const folder = join(home, '.config', 'antiphon')
    const modes = [folder, join(folder, 'contexts'), join(folder, 'contexts', 'home.json')].map(
      (path) => statSync(path).mode & 0o777,
    )
    expect(modes).toEqual([0o700, 0o700, 0o600])
    expect(readFileSync(join(folder, 'contexts', 'home.json'), 'utf8')).toContain(url)
  })

  it('stores them below XDG_CONFIG_HOME', async () => {
    env = { XDG_CONFIG_HOME: join(home, 'settings') }
    await context('save', 'home', '--url', url)
    expect(statSync(join(home, 'settings', 'antiphon', 'contexts', 'home.json')).isFile()).toBe(true)
  })

  it.each<[readonly string[], string]>([
    [
      ['save', 'a/b', '--url', 'mqtt://x'],
      'the name of a context has letters, digits, -, _ and . only, not "a/b"',
    ],
    [['save', 'home'], 'a context needs a broker: set --url'],
    [
      ['save', 'home', '--url', 'mqtt://x', '--ca', '/missing'],
      'cannot read --ca /missing: there is no such file',
    ],
    [['show', 'homme'], 'there is no context homme: did you mean home?'],
    [['use', 'x'], 'there is no context x: use home'],
  ])('refuses %j', async (args, message) => {
    await context('save', 'home', '--url', url)
    expect(await context(...args)).toMatchObject({ code: 2, stderr: `antiphon: ${message}\n` })
  })

  it('says how to save the first one', async () => {
    expect(await request('--context', 'home')).toMatchObject({
      code: 2,
      stderr: 'antiphon: there is no context home: save it with antiphon context save home\n',
    })
  })

  it('refuses a malformed file', async () => {
    await context('save', 'home', '--url', url)
    writeFileSync(join(home, '.config', 'antiphon', 'contexts', 'home.json'), '{')
    expect(await request('--context', 'home')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the context home is malformed') as string,
    })
  })
})
