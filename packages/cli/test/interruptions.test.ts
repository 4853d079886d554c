import type { Broker } from '@antiphon/broker'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstValueFrom } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { carDocument } from './contract-document.js'
import { antiphon, inputOf, startAntiphon, type Running, type RunOptions } from './run-antiphon.js'

let broker: Broker
let url = ''
let responders: readonly Running[] = []
const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  writeFileSync(join(folder, 'car.json'), JSON.stringify(carDocument))
  responders = [
    startAntiphon(['serve', 'echo', '--echo', '--service', 'echo', '-u', url]),
    startAntiphon(['serve', 'stream', '--stream', '-r', 'a', '-r', 'b', '-u', url]),
  ]
  await Promise.all(responders.map(({ printed }) => printed('serving')))
  const tap = startAntiphon([
    'tap',
    'echo',
    '--record',
    join(folder, 'echo.jsonl'),
    '--count',
    '2',
    '-u',
    url,
  ])
  await tap.printed('tapping')
  await antiphon(['request', 'echo', 'x', '--count', '2', '-u', url])
  await tap.ended
})
afterAll(async () => {
  for (const { interrupt } of responders) interrupt()
  await Promise.all(responders.map(({ ended }) => ended))
  await broker.close()
  rmSync(folder, { recursive: true })
})

/** A command to interrupt. */
interface Interruptible {
  readonly name: string
  readonly args: () => readonly string[]
  readonly stdin?: () => RunOptions['stdin']
  /** What it prints when it is ready, if it runs until Ctrl-C. */
  readonly ready?: string
}

const commands: readonly Interruptible[] = [
  { name: 'request', args: () => ['request', 'echo', 'x'] },
  { name: 'request --stream', args: () => ['request', 'stream', '--stream'] },
  { name: 'request --lines', args: () => ['request', 'echo', '--lines'], stdin: () => inputOf('a\nb\nc\n') },
  { name: 'request --count', args: () => ['request', 'echo', 'x', '--count', '3', '--concurrency', '1'] },
  { name: 'gather', args: () => ['gather', 'echo', '--count', '1'] },
  { name: 'replay', args: () => ['replay', join(folder, 'echo.jsonl')] },
  { name: 'bench', args: () => ['bench', 'echo', '--count', '3', '--warm-up', '1'] },
  { name: 'check', args: () => ['check'] },
  { name: 'ls', args: () => ['ls', '--timeout', '1m', '--stall-timeout', '50ms'] },
  { name: 'serve', args: () => ['serve', 'other', '--echo'], ready: 'serving' },
  { name: 'tap', args: () => ['tap', 'other'], ready: 'tapping' },
  { name: 'mock', args: () => ['mock', join(folder, 'car.json')], ready: 'mocking' },
  { name: 'inspect', args: () => ['inspect'], ready: 'token=' },
]

/** Starts a command, which is interrupted when it has printed so often, or is ready. */
function start({ args, stdin, ready }: Interruptible, interruptAfter?: number): Running {
  const input = stdin?.()
  const running = startAntiphon([...args(), '--verbose', '--url', url], {
    ...(input !== undefined && { stdin: input }),
    ...(interruptAfter !== undefined && { interruptAfter }),
  })
  // It may end before.
  if (ready !== undefined) running.printed(ready).then(running.interrupt, () => undefined)
  return running
}

/** How many packets and results a run may print before the points are taken at larger distances. */
const mostPoints = 25

describe('Ctrl-C', () => {
  it.each(commands)(
    'ends antiphon $name at every point, with its exit code and nothing left behind',
    async (command) => {
      let hasPrinted = true
      for (let point = 1; hasPrinted && point <= 200; point += point < mostPoints ? 1 : 10) {
        const { code, stdout, stderr } = await start(command, point).ended
        expect([point, code]).toEqual([point, code === 0 ? 0 : 130])
        expect([point, stdout + stderr]).toEqual([point, expect.not.stringMatching(/^ {4}at |^antiphon: /m)])
        hasPrinted = (stdout + stderr).split('\n').length > point
      }
      // A DISCONNECT may be on its way.
      const connected = (): number => broker.sessions().filter(({ client }) => client !== undefined).length
      while (connected() > responders.length) await firstValueFrom(broker.events$)
    },
  )

  it.each(commands)('ends antiphon $name before it has begun', async (command) => {
    const running = start(command)
    running.interrupt()
    const { code, stderr } = await running.ended
    expect([0, 130]).toContain(code)
    expect(stderr).not.toContain('antiphon: ')
  })
})
