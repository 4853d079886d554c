import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endpoint, requests$, serve, text } from '@antiphon/core'
import { of } from 'rxjs'
import { expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { bundleProgram } from './bundled-program.js'

const ROUNDS = 15

/** Reports the processor time of a process when it exits, after all that the program itself prints. */
const meter = `process.on('exit', () => process.stderr.write(JSON.stringify(process.cpuUsage())))`

it('receives the first response within three times the processor time of an empty program', async () => {
  const program = bundleProgram()
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const preload = file('meter.cjs', meter)
  const empty = file('empty.mjs', '')
  const { broker, url } = await startBroker()
  const room = endpoint({ topic: 'room', request: text, response: text })
  requests$(broker.link(), room)
    .pipe(serve(() => of('22.5')))
    .subscribe()

  /** Runs a program, and returns the milliseconds of processor time of all its threads. */
  const cost = async (expected: string, ...args: readonly string[]): Promise<number> => {
    const child = spawn(process.execPath, ['--require', preload, ...args], {
      env: { ...process.env, ANTIPHON_URL: url },
    })
    let [printed, measured] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (measured += chunk.toString()))
    await once(child, 'close')
    expect(printed).toBe(expected)
    const { user, system } = JSON.parse(measured) as NodeJS.CpuUsage
    return (user + system) / 1_000
  }

  const costs = { empty: [] as number[], request: [] as number[] }
  // In turn, so that a change of the machine's load concerns both.
  for (let round = 0; round < ROUNDS; round++) {
    costs.empty.push(await cost('', empty))
    costs.request.push(await cost('22.5\n', program.file, 'request', 'room', 'now'))
  }
  const [least, request] = [Math.min(...costs.empty), Math.min(...costs.request)]
  expect(request / least, `${request} ms of ${least} ms`).toBeLessThanOrEqual(3)
  await broker.close()
  program.remove()
  rmSync(folder, { recursive: true })
}, 300_000)
