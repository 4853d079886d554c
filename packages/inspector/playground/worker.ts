import { driveClock, type ClockStop } from './drive-clock.js'
import { compileProgram, thrownAt } from './compile-program.js'
import { formatValue } from './format-value.js'
import { playgroundBroker } from './playground-broker.js'
import { importFrom, programModules } from './program-modules.js'
import { ReportWriter } from './report-writer.js'
import type { RunEnd, RunReport, RunRequest } from './run-report.js'
import { syntaxErrorLine } from './syntax-error-line.js'
import { VirtualClock } from './virtual-clock.js'
import { installClock, isolateWorker } from './worker-globals.js'

/** A minute of virtual time, and as many timers as run in about a second. */
const limits = { time: 60_000, steps: 50_000 }

/** Milliseconds of real time between two reports that the worker is not stuck. */
const alivePeriod = 500

const scope = globalThis as unknown as {
  readonly postMessage: (report: RunReport) => void
  onmessage: ((event: MessageEvent<RunRequest>) => void) | null
}
const post = scope.postMessage.bind(globalThis)
const realNow = performance.now.bind(performance)
const clock = new VirtualClock()
const reports = new ReportWriter(post, () => clock.now)

scope.onmessage = ({ data }) => {
  scope.onmessage = null
  void run(data)
}

async function run({ source, latency, faults }: RunRequest): Promise<void> {
  post({ kind: 'alive' })
  const settle = macrotasks()
  installClock(globalThis, clock, Date.now())
  isolateWorker(globalThis)
  const fail = (error: unknown): void => reports.error(formatValue(error), thrownAt(error))
  globalThis.addEventListener('unhandledrejection', (event) => {
    event.preventDefault()
    fail(event.reason)
  })
  const print = (...values: readonly unknown[]): void => reports.line(values.map(formatValue).join(' '))
  Object.assign(console, { log: print, info: print, warn: print, error: print, debug: print })

  let isPending = true
  try {
    const program = compileProgram(source)
    // Only now: the line of a syntax error is found by an event of the same kind.
    globalThis.addEventListener('error', (event) => {
      event.preventDefault()
      fail(event.error)
    })
    const broker = playgroundBroker({ latency, faults, sink: reports.event })
    program(importFrom(programModules(broker)))
      .catch(fail)
      .finally(() => (isPending = false))
  } catch (error) {
    isPending = false
    if (error instanceof SyntaxError)
      reports.error(String(error), syntaxErrorLine(error, source.split('\n').length))
    else fail(error)
  }
  let aliveAt = realNow()
  const end = await driveClock(clock, limits, {
    settle: () => {
      if (realNow() - aliveAt > alivePeriod) {
        aliveAt = realNow()
        post({ kind: 'alive' })
      }
      return settle()
    },
    onError: fail,
  })
  // A promise that was rejected last is reported in a task of its own.
  await settle()
  post({ kind: 'end', end: runEnd(end, isPending) })
}

/** A program that has ended may leave timers to its links, for example to forget a response after a minute. */
function runEnd(stop: ClockStop, isPending: boolean): RunEnd {
  if (stop === 'steps') return stop
  return !isPending ? 'done' : stop === 'idle' ? 'waiting' : 'time'
}

/** Returns a function that resolves in a task of its own, after the callbacks of all promises; `setTimeout` is virtual here. */
function macrotasks(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel()
  let resolveNext: () => void = () => undefined
  port1.onmessage = () => resolveNext()
  return () =>
    new Promise((resolve) => {
      resolveNext = resolve
      port2.postMessage(undefined)
    })
}
