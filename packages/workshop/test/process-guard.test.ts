import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { guardProcesses } from '@antiphon/workshop/process-guard'
import { expect, it } from 'vitest'
import { inRoot } from '../check/workspace.js'

/** A program that starts a process in another session, which starts one itself; both would run for ever. */
const program = `
  import { spawn } from 'node:child_process'
  import { guardProcesses } from ${JSON.stringify(inRoot('packages', 'workshop', 'src', 'process-guard.ts'))}
  const wait = 'setInterval(() => undefined, 60_000)'
  const child = \`
    const { spawn } = require('node:child_process')
    const grandchild = spawn(process.execPath, ['-e', '\${wait}'], { stdio: 'ignore' })
    console.log([process.pid, grandchild.pid].join(' '))
    \${wait}
  \`
  const guard = guardProcesses({ exitPeriod: 500 })
  spawn(process.execPath, ['-e', child], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] })
  process.once('SIGUSR2', async () => {
    console.log(JSON.stringify(await guard.stop()))
    process.exit()
  })
`

interface Run {
  readonly child: ChildProcess
  readonly pids: readonly number[]
  readonly nextLine: () => Promise<string>
}

async function start(): Promise<Run> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const nextLine = async (): Promise<string> => ((await once(lines, 'line')) as [string])[0]
  return { child, pids: (await nextLine()).split(' ').map(Number), nextLine }
}

/** Returns whether a process runs; a zombie, which its parent has not reaped yet, does not. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const untilNoneIsAlive = (pids: readonly number[]): Promise<void> =>
  expect.poll(() => pids.filter(isAlive), { timeout: 100_000 }).toEqual([])

// The guard finds processes by their environment, which only Linux shows.
if (process.platform === 'linux') {
  it('kills the children and grandchildren of a run that is killed', async () => {
    const { child, pids } = await start()
    expect(pids.filter(isAlive)).toEqual(pids)
    child.kill('SIGKILL')
    await untilNoneIsAlive(pids)
  })

  it('kills and reports the processes that are left when a run stops its guard', async () => {
    const { child, pids, nextLine } = await start()
    child.kill('SIGUSR2')
    const commands = JSON.parse(await nextLine()) as string[]
    expect(commands).toHaveLength(2)
    expect(commands.every((command) => command.includes('setInterval'))).toBe(true)
    await untilNoneIsAlive(pids)
  })
}

it('reports nothing if no process is left', async () => {
  expect(await guardProcesses().stop()).toEqual([])
})
