import type { ExchangeEvent } from '@antiphon/core/events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { compileProgram } from '../../playground/compile-program.js'
import { toFaultScript } from '../../playground/fault-rows.js'
import { playgroundBroker } from '../../playground/playground-broker.js'
import { importFrom, programModules } from '../../playground/program-modules.js'
import { readyPrograms } from '../../playground/ready-programs.js'
import { fromFragment, toFragment, type SharedProgram } from '../../playground/shared-program.js'

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Runs two virtual seconds of a program, and returns what it prints and the events of its links. */
async function run({ source, latency, faults }: SharedProgram) {
  const lines: string[] = []
  const events: ExchangeEvent[] = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  const broker = playgroundBroker({
    latency,
    faults: toFaultScript(faults),
    sink: (event) => events.push(event),
  })
  const ended = compileProgram(source)(importFrom(programModules(broker)))
  await Promise.all([ended, vi.advanceTimersByTimeAsync(2_000)])
  const printed = [...lines]
  await Promise.all([broker.close(), vi.advanceTimersByTimeAsync(1_000)])
  return { lines: printed, kinds: events.map(({ kind }) => kind) }
}

const outputs: Readonly<Record<string, readonly string[]>> = {
  hello: ['kitchen: 22.5 °C', 'attic: 22.5 °C'],
  retry: ['measures the kitchen', 'kitchen: 22.5 °C'],
  reconnect: [
    'display: connecting',
    'display: online',
    'display: offline',
    'display: connecting',
    'display: online',
    'kitchen: 22.5 °C',
  ],
  credit: [
    ...['measures 1', 'measures 2', 'shows reading 1', 'measures 3', 'shows reading 2'],
    ...['measures 4', 'shows reading 3', 'measures 5', 'shows reading 4', 'measures 6'],
    ...['shows reading 5', 'shows reading 6'],
  ],
  cancel: ['catalogue: cancelled', 'catalogue: cancelled', 'phone: parts for van', 'catalogue: responded'],
  gather: ['car1 1.0.0', 'car3 1.2.0', 'missing: car2'],
}

it.each(readyPrograms.map((program) => [program.name, program] as const))(
  'prints what it should: %s',
  async (name, program) => {
    expect((await run(program)).lines).toEqual(outputs[name])
    expect(fromFragment(toFragment(program))).toBeDefined()
  },
)

it('sends the request again whose response is lost', async () => {
  const program = readyPrograms.find(({ name }) => name === 'retry')
  if (program === undefined) throw new Error('there is no such program')
  const { kinds } = await run(program)
  expect(kinds).toContain('retried')
  expect(kinds).toContain('duplicate')
})

it('runs a program for the embedded broker', async () => {
  const source = `
    import { createBroker } from '@antiphon/broker'
    import { endpoint, request, requests$, serve, text } from '@antiphon/core'

    const broker = createBroker()
    const echo = endpoint({ topic: 'echo', request: text, response: text })
    requests$(broker.link(), echo).pipe(serve(({ value }) => value)).subscribe()
    console.log(await request(broker.link({ clientId: 'display' }), echo, 'hello'))
    await broker.close()`
  expect((await run({ source, latency: 0, faults: [] })).lines).toEqual(['hello'])
})

it('refuses an option of connect that the playground does not have', async () => {
  const source = `import { connect } from '@antiphon/mqtt'\nconnect('mqtt://broker', { username: 'a' })`
  await expect(run({ source, latency: 0, faults: [] })).rejects.toThrow('username is not known')
})
