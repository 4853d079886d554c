import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inCache, inRoot } from '../../check/workspace.js'

/** A test that leaves a process behind, and then passes, fails or hangs. */
const leakingTest = `
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { it } from 'vitest'
it('leaves a process behind', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => "left behind", 60_000)'], { detached: true, stdio: 'ignore' })
  child.unref()
  writeFileSync(process.env.PID_FILE, String(child.pid))
  if (process.env.END === 'fail') throw new Error('the test fails')
  if (process.env.END === 'hang') await new Promise(() => setInterval(() => undefined, 60_000))
}, 600_000)
`
const config = `
export default {
  root: import.meta.dirname,
  test: { include: ['*.test.ts'], globalSetup: [${JSON.stringify(inRoot('packages/workshop/check/tests/guard-run.ts'))}] },
}
`

describe('a run of vitest', () => {
  let folder: string
  let pidFile: string
  beforeAll(async () => {
    await mkdir(inCache(), { recursive: true })
    folder = await mkdtemp(inCache('guard-run-'))
    pidFile = join(folder, 'pid')
    await writeFile(join(folder, 'leaking.test.ts'), leakingTest)
    await writeFile(join(folder, 'vitest.config.mjs'), config)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const run = (
    end: 'pass' | 'fail' | 'hang',
  ): { readonly child: ChildProcess; readonly output: () => string } => {
    const args = ['run', '--config', join(folder, 'vitest.config.mjs')]
    const child = spawn(inRoot('node_modules', '.bin', 'vitest'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ANTIPHON_EXIT_PERIOD: '500', PID_FILE: pidFile, END: end },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    return { child, output: () => output }
  }
  const leftPid = (): Promise<number> => readFile(pidFile, 'utf8').then(Number, () => NaN)
  const isAlive = (pid: number): Promise<boolean> =>
    readFile(`/proc/${pid}/stat`, 'utf8').then(
      (stat) => !/\) Z /.test(stat),
      () => false,
    )

  // The guard finds processes by their environment, which only Linux shows.
  if (process.platform !== 'linux') {
    it('is not guarded on this platform', () => expect(process.platform).not.toBe('linux'))
    return
  }

  it('fails, kills the process and names it if its tests leave one behind', async () => {
    const { child, output } = run('pass')
    const [code] = (await once(child, 'close')) as [number]
    expect(output()).toMatch(/The tests left processes behind:\n.*left behind/)
    expect(output()).toMatch(/Tests .*1 passed/)
    expect(code).toBe(1)
    expect(await isAlive(await leftPid())).toBe(false)
  })

  it('leaves no process behind if a test fails', async () => {
    await rm(pidFile, { force: true })
    const { child, output } = run('fail')
    const [code] = (await once(child, 'close')) as [number]
    expect(output()).toMatch(/Tests .*1 failed/)
    expect(output()).toMatch(/The tests left processes behind:\n.*left behind/)
    expect(code).toBe(1)
    expect(await isAlive(await leftPid())).toBe(false)
  })

  it('leaves no process behind if it is killed while a test runs', async () => {
    await rm(pidFile, { force: true })
    const { child } = run('hang')
    await expect.poll(leftPid, { timeout: 100_000 }).toBeGreaterThan(0)
    const pid = await leftPid()
    expect(await isAlive(pid)).toBe(true)
    child.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 100_000 }).toBe(false)
  })
})
