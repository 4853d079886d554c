import { expect, it } from 'vitest'
import { ReportWriter } from '../../playground/report-writer.js'
import type { RunReport } from '../../playground/run-report.js'
import { VirtualClock } from '../../playground/virtual-clock.js'
import { installClock, isolateWorker } from '../../playground/worker-globals.js'

it('makes Date and performance read the virtual time', () => {
  const clock = new VirtualClock()
  const target = { Date, performance: { now: () => -1 } } as unknown as typeof globalThis
  const startedAt = Date.UTC(2026, 0, 1)
  installClock(target, clock, startedAt)
  target.setTimeout(() => undefined, 1_500)
  clock.step()
  expect(target.performance.now()).toBe(1_500)
  expect(target.Date.now()).toBe(startedAt + 1_500)
  expect(new target.Date().toISOString()).toBe('2026-01-01T00:00:01.500Z')
  expect(new target.Date(0).getTime()).toBe(0)
  expect(new target.Date() instanceof target.Date).toBe(true)
  expect(target.Date.UTC(1970, 0, 1)).toBe(0)
})

it('clears virtual timers', () => {
  const clock = new VirtualClock()
  const target = { Date, performance: {} } as unknown as typeof globalThis
  installClock(target, clock, 0)
  target.clearInterval(target.setInterval(() => undefined, 1))
  target.clearTimeout(target.setTimeout(() => undefined, 1))
  expect(clock.next).toBeUndefined()
})

it('removes what reaches beyond a worker, also where it is inherited', () => {
  class Scope {
    fetch(): void {}
  }
  const scope = Object.assign(new Scope(), { WebSocket: {}, crypto: {} })
  isolateWorker(scope)
  expect(['fetch' in scope, 'WebSocket' in scope, 'crypto' in scope]).toEqual([false, false, true])
})

it('bounds the lines and events of a run', () => {
  const reports: RunReport[] = []
  const writer = new ReportWriter(
    (report) => reports.push(report),
    () => 7,
  )
  for (let index = 0; index < 1_100; index++) writer.line('again')
  writer.error('late', 1)
  expect(reports).toHaveLength(1_001)
  expect(reports.at(-1)).toEqual({ kind: 'line', at: 7, text: 'Lines after the first 1000 are not shown.' })
  const event = { side: 'link', kind: 'connecting', attempt: 1, at: 0, client: 'a', link: 'a' } as const
  for (let index = 0; index < 5_100; index++) writer.event(event)
  expect(reports).toHaveLength(6_001)
})

it('reports the line of an error only if it is known', () => {
  const reports: RunReport[] = []
  const writer = new ReportWriter(
    (report) => reports.push(report),
    () => 0,
  )
  writer.error('a', 3)
  writer.error('b', undefined)
  expect(reports).toEqual([
    { kind: 'error', at: 0, text: 'a', line: 3 },
    { kind: 'error', at: 0, text: 'b' },
  ])
})
