import type { Broker } from '@antiphon/broker'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examples } from '../src/examples.js'
import { startBroker } from './broker-url.js'
import { bundleProgram, type BundledProgram } from './bundled-program.js'
import { carDocument } from './contract-document.js'

/** A command line that runs in a shell. */
interface RunningLine {
  /** Resolves when the output contains the text. */
  readonly printed: (text: string) => Promise<void>
  /** Presses Ctrl-C. */
  readonly interrupt: () => void
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>
}

/** What a command prints that runs until Ctrl-C, by the beginning of its line. */
const readyTexts: readonly (readonly [start: string, text: string])[] = [
  ['antiphon serve ', 'serving '],
  ['antiphon tap ', 'tapping '],
  ['antiphon inspect', 'token='],
  ['antiphon ls --watch', 'weather'],
  ['antiphon mock ', 'mocking '],
  ['antiphon broker', 'listening on '],
]

/** Examples for a shell other than sh. The tests of completion run them. */
const isForOtherShells = (line: string): boolean => line.includes('source')

let program: BundledProgram
let broker: Broker
let folder = ''
let env: NodeJS.ProcessEnv = {}
let responders: readonly RunningLine[] = []

/** Runs a line in a shell, where `antiphon` is the bundled command. */
function run(line: string): RunningLine {
  // A group of its own receives Ctrl-C as in a terminal, where the shell goes on after it.
  const child = spawn('sh', ['-c', `trap : INT; ${line}`], { cwd: folder, env, detached: true })
  let output = ''
  const changed = new EventTarget()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      changed.dispatchEvent(new Event('change'))
    })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }))
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot run ${line}`)
  return {
    ended,
    interrupt: () => void process.kill(-pid, 'SIGINT'),
    printed: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (output.includes(text)) resolve()
        }
        changed.addEventListener('change', check)
        void ended.then(() => reject(new Error(`${line} ended without "${text}": ${output}`)))
        check()
      }),
  }
}

beforeAll(async () => {
  program = bundleProgram()
  folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
  mkdirSync(join(folder, 'bin'))
  const command = join(folder, 'bin', 'antiphon')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${program.file}' "$@"\n`)
  chmodSync(command, 0o755)
  for (const name of ['contract.yaml', 'before.yaml', 'after.yaml'])
    writeFileSync(join(folder, name), JSON.stringify(carDocument))
  const event = { kind: 'closed', side: 'link', at: 1, client: 'c', link: 'l' }
  writeFileSync(join(folder, '.home-password'), 'secret')
  writeFileSync(join(folder, 'exchanges.ndjson'), `${JSON.stringify(event)}\n`)
  const started = await startBroker()
  broker = started.broker
  const { PATH = '', XDG_CONFIG_HOME: _, ...others } = process.env
  env = {
    ...others,
    PATH: `${join(folder, 'bin')}${delimiter}${PATH}`,
    HOME: folder,
    ANTIPHON_URL: started.url,
  }
  responders = (examples['serve'] ?? []).map(({ line }) => run(line))
  await Promise.all(responders.map(({ printed }) => printed('serving')))
})
afterAll(async () => {
  for (const { interrupt } of responders) interrupt()
  expect((await Promise.all(responders.map(({ ended }) => ended))).map(({ code }) => code)).toEqual(
    responders.map(() => 0),
  )
  await broker.close()
  program.remove()
  rmSync(folder, { recursive: true })
})

describe('the examples in the help', () => {
  const lines = Object.values(examples)
    .flat()
    .map(({ line }) => line)

  it.each(lines.filter((line) => !isForOtherShells(line)))('run: %s', async (line) => {
    // Another broker may listen on the default port of the machine.
    const running = run(line === 'antiphon broker' ? `${line} --port 0` : line)
    const text = readyTexts.find(([start]) => line.startsWith(start))?.[1]
    const ready = text !== undefined && line.includes('--json') ? '"ready"' : text
    const hasEnd = ready === undefined || line.includes('--count')
    if (ready !== undefined) await running.printed(ready)
    if (!hasEnd) running.interrupt()
    else if (ready !== undefined) await run('antiphon request home/temperature x --count 100').ended
    const { code, output } = await running.ended
    expect([code, output]).toEqual([0, expect.not.stringContaining('    at ')])
    expect(output !== '' || /context|> /.test(line)).toBe(true)
  })

  it('are in the help of every command', () => {
    expect(Object.keys(examples).sort()).toEqual([
      'bench',
      'broker',
      'check',
      'completion',
      'context',
      'contract',
      'gather',
      'info',
      'inspect',
      'ls',
      'mock',
      'ping',
      'replay',
      'request',
      'schema',
      'serve',
      'stats',
      'tap',
    ])
  })
})
