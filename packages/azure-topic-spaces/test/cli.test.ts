import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { firstValueFrom, fromEvent, NEVER, skipWhile, type Observable } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDevice } from '../src/index.js'
import { help, optionNames, readCommandLine } from '../src/cli/arguments.js'
import { execute } from '../src/cli/commands.js'
import { hubProgram } from '../src/cli/program.js'
import { deviceRegistry } from '../src/hub/device-registry.js'
import { policyRegistry } from '../src/hub/policy-registry.js'
import { topicSpaceRegistry } from '../src/hub/topic-space-registry.js'

const cli = new URL('../src/cli.ts', import.meta.url).pathname
let directory: string
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'antiphon-hub-'))))
afterAll(() => rm(directory, { recursive: true }))

/** Runs the program and returns what it prints; rejects with its error. */
async function hub(...args: readonly string[]): Promise<string> {
  const printed: string[] = []
  const print = (line: string): void => void printed.push(line)
  await hubProgram([...args, '--directory', directory], { print, printError: print, stop$: NEVER })
  return printed.join('\n')
}

describe('antiphon-hub', () => {
  it('stores spaces and devices in a file that only its owner can read, and runs a hub that reloads it', async () => {
    expect(await hub('create', '-n', 'HUB')).toBe('')
    expect((await stat(join(directory, 'HUB.hub.json'))).mode & 0o077).toBe(0)
    const template = 'vehicles/unlock/req/${principal.deviceid}/#'
    const space = ['-n', 'HUB', '--tsn', 'subscriber_ts', '--tst', 'LowFanout', '--template', template, 'x/#']
    const created = await hub('az', 'iot', 'hub', 'topic-space', 'create', ...space)
    expect(JSON.parse(created)).toEqual({
      name: 'subscriber_ts',
      type: 'LowFanout',
      templates: [template, 'x/#'],
    })

    await expect(hub('create', '-n', 'HUB')).rejects.toThrow('there is a hub')
    const running = spawn(
      process.execPath,
      ['--import', 'tsx', cli, 'run', '-n', 'HUB', '--tcp', '0', '--directory', directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const lines = fromEvent(createInterface({ input: running.stdout }), 'line') as Observable<string>
    const lineWith = (part: string): Promise<string> =>
      firstValueFrom(lines.pipe(skipWhile((line) => !line.includes(part))))
    try {
      const url = (await lineWith('listening on ')).replace('listening on ', '')
      const reloaded = lineWith('devices: 1, topic spaces: 1')
      await hub('device-identity', 'create', '-n', 'HUB', '-d', 'car1', '--am', 'shared_private_key')
      await reloaded
      const shown = await hub('device-identity', 'connection-string', 'show', '-n', 'HUB', '-d', 'car1')
      const { connectionString } = JSON.parse(shown) as { readonly connectionString: string }
      const car = connectDevice(connectionString, { url })
      expect(
        await firstValueFrom(car.state$.pipe(skipWhile(({ status }) => status !== 'online'))),
      ).toBeDefined()
      await car.close()
    } finally {
      running.kill('SIGINT')
      expect(await once(running, 'exit')).toEqual([0, null])
    }
  })

  it.each([
    [['topic-space', 'burn'], '"topic-space burn" is unknown'],
    [['topic-space', 'show'], '--topic-space-name is missing'],
    [['topic-space', 'show', '--tsn', 'x'], 'no topic space "x"'],
    [['topic-space', 'show', '--tsn', 'x', 'y'], 'has 2 values'],
    [['topic-space', 'create', '--tsn', 'x', '--tst', 'LowFanout'], '0 templates'],
    [['topic-space', 'create', '--tsn', 'x', '--template'], "'--template <value>' argument missing; see"],
    [['topic-space', 'show', '--tsn', '--tst', 'x'], "'--tsn' argument is ambiguous"],
    [['topic-space', 'list', '--colour', 'red'], "Unknown option '--colour'; see --help"],
    [['topic-space', 'list', '-x'], "Unknown option '-x'; see --help"],
    [['device-identity', 'show', '-d', 'x'], 'no device "x"'],
    [['device-identity', 'create', '-d', 'x', '--am', 'password'], '--auth-method is "password"'],
    [['device-identity', 'create', '-d', 'x', '--pk', 'AAAA'], 'need each other'],
    [['policy', 'show', '--pn', 'x'], 'no policy "x"'],
    [['policy', 'create', '--pn', 'a b'], 'its name must be'],
    [['policy', 'create', '--pn', 'x', '--pk', '!'], 'must be base64'],
    [['policy', 'delete', '--pn', 'x'], 'no policy of that name'],
    [['device-identity', 'update', '-d', 'x', '--status', 'asleep'], '--status is "asleep"'],
  ])('rejects the antiphon-hub command line %j with its reason', (args, why) => {
    const registries = {
      devices: deviceRegistry('h', () => undefined),
      topicSpaces: topicSpaceRegistry(),
      policies: policyRegistry(),
    }
    const refused = (): void => {
      const line = readCommandLine(args)
      if (line !== 'help') execute(registries, line)
    }
    expect(refused).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(refused).toThrow(why)
  })

  it('prints the help of antiphon-hub for --help, -h and a command line without a command', async () => {
    for (const args of [['--help'], ['topic-space', 'list', '-h'], ['-n', 'HUB']]) {
      expect(await hub(...args)).toBe(help)
    }
  })

  it('explains every option of antiphon-hub in its help', () => {
    const explained = [...help.matchAll(/--([a-z-]+)/g)].map(([, name]) => name)
    expect([...new Set(explained)].sort()).toEqual([...optionNames].sort())
  })

  it.each(['x', '', '65536', '1e3'])('rejects %j as a port of antiphon-hub', async (port) => {
    await hub('create', '-n', 'PORT').catch(() => undefined)
    await expect(hub('run', '-n', 'PORT', `--tcp=${port}`)).rejects.toThrow(
      `--tcp is '${port}': it must be a whole number from 0 to 65535; see --help`,
    )
  })

  it('reads option values after "=" and further words as values of the same option', () => {
    const line = readCommandLine(['topic-space', 'create', '--tsn=-x', '--template', 'a', 'b', '--', 'c'])
    expect(line).toMatchObject({ command: 'topic-space create c' })
    if (line === 'help') throw new Error('help')
    expect([line.optional('topic-space-name'), line.all('template')]).toEqual(['-x', ['a', 'b']])
  })

  it('shows, disables and deletes devices and deletes topic spaces from the command line', () => {
    const registries = {
      devices: deviceRegistry('h', () => undefined),
      topicSpaces: topicSpaceRegistry(),
      policies: policyRegistry(),
    }
    const run = (text: string): unknown => {
      const line = readCommandLine(text.split(' '))
      return line === 'help' ? line : execute(registries, line)
    }
    run('device-identity create -d a --pk AAAA --sk BBBB')
    run('device-identity create -d b --am x509_ca')
    expect(run('device-identity connection-string show -d a')).toEqual({
      connectionString: 'HostName=h;DeviceId=a;SharedAccessKey=AAAA',
    })
    expect(run('device-identity update -d a --status disabled')).toMatchObject({ isEnabled: false })
    run('device-identity delete -d b')
    expect(run('device-identity list')).toEqual([run('device-identity show -d a')])
    run('topic-space create --tsn x --tst PublishOnly --template a b')
    expect(run('topic-space show --tsn x')).toEqual({ name: 'x', type: 'PublishOnly', templates: ['a', 'b'] })
    expect(run('topic-space create --tsn x --tst PublishOnly --template c')).toMatchObject({
      templates: ['c'],
    })
    expect(() => run('topic-space create --tsn x --tst LowFanout --template c')).toThrow('stays so')
    run('topic-space delete --tsn x')
    expect(run('topic-space list')).toEqual([])
    expect([run('-n HUB'), run('az iot hub topic-space list')]).toEqual(['help', []])
  })
})
