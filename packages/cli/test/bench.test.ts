import type { Broker } from '@antiphon/broker'
import { bytes, endpoint, requests$, serve } from '@antiphon/core'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NEVER, of } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { latencyChart } from '../src/bench/chart.js'
import { LatencyHistogram } from '../src/bench/latency-histogram.js'
import { generateLoad } from '../src/bench/load.js'
import { startBroker } from './broker-url.js'
import { antiphon, antiphonWithTimeout, startAntiphon, type Ended } from './run-antiphon.js'

const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
let broker: Broker
let url = ''

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
})
afterAll(async () => {
  await broker.close()
  rmSync(folder, { recursive: true })
})

const bench = (...args: readonly string[]): Promise<Ended> => antiphon(['bench', ...args, '--url', url])

describe('antiphon bench', () => {
  it('measures a number of exchanges, and writes their histogram', async () => {
    const file = join(folder, 'latencies.hgrm')
    const { code, records } = await bench('echo', '--echo', '--count', '200', '--histogram', file, '--json')
    expect(code).toBe(0)
    expect(records()).toMatchObject([
      {
        type: 'bench',
        answered: 200,
        failed: 0,
        lost: 0,
        duplicated: 0,
        latency: { p50: expect.any(Number) as number },
      },
    ])
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(
      /^ +Value +Percentile TotalCount 1\/\(1-Percentile\)\n\n +[\d.]+ 0\.0000000\d+ +\d+ +1\.00\n/,
    )
    expect(text).toMatch(/ 1\.000000000000 +200\n#\[Mean .*\n#\[Max .* Total count {4}= +200\]\n$/)
  })

  it('prints a table and a chart, and sends a payload of a size, to a topic with parameters', async () => {
    const { code, stdout } = await bench(
      'e/{x}',
      '--param',
      'x=1',
      '--echo',
      '--size',
      '100',
      '--count',
      '50',
      '--warm-up',
      '0',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^answered {4}50 in [\d.]+ s, [\d.]+ a second\nfailed {6}0, of which lost 0\nduplicated {2}0\nlatency {5}p50 .*\n\n( *(<=|>) [\d.]+ ms +\d+ ?#*\n)+$/,
    )
  })

  it('starts requests at a rate, for a time', async () => {
    const { records } = await bench('echo', 'x', '--echo', '--rate', '200', '--duration', '300ms', '--json')
    expect(records()).toMatchObject([{ answered: 60 }])
  })

  it('sends for a time', async () => {
    const { code, records } = await bench(
      'echo',
      '--echo',
      '--duration',
      '100ms',
      '--concurrency',
      '2',
      '--json',
    )
    expect([code, Number(records()[0]?.['answered']) > 0]).toEqual([0, true])
  })

  it('counts failures, and exits with the code of the first', async () => {
    // The requests of one run have one response topic. The first of a run is its warm-up.
    const seen = new Set<string | undefined>()
    const isFirst = (responseTopic: string | undefined): boolean => seen.size < seen.add(responseTopic).size
    const slow = endpoint({ topic: 'slow', request: bytes, response: bytes })
    await new Promise<void>((resolve) => {
      requests$(broker.link(), slow, { onSubscribed: resolve })
        .pipe(serve(({ value, message }) => (isFirst(message.responseTopic) ? of(value) : NEVER)))
        .subscribe()
    })
    const options = ['--count', '3', '--warm-up', '1', '--concurrency', '1', '--json']
    const { code, records } = await antiphonWithTimeout(
      ['bench', 'slow', ...options, '--url', url],
      (ended) => ended.records().some(({ type }) => type === 'bench'),
    )
    expect(code).toBe(3)
    expect(records()).toMatchObject([{ answered: 0, failed: 3, lost: 3, errors: { timeout: 3 } }])
  })

  it('ends with the error of a warm-up that fails', async () => {
    expect(await bench('missing')).toMatchObject({ code: 4 })
    expect(await antiphon(['bench', 'x', '--url', 'mqtt://127.0.0.1:1'])).toMatchObject({ code: 8 })
  })

  it('refuses a payload with --size, and a file that it cannot write', async () => {
    expect(await bench('x', 'y', '--size', '1')).toMatchObject({ code: 2 })
    const args = ['echo', '--echo', '--count', '1', '--histogram', join(folder, 'missing', 'x')]
    expect(await bench(...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot write --histogram') as string,
    })
  })

  it('ends on Ctrl-C', async () => {
    const { interrupt, ended, printed } = startAntiphon(['bench', 'echo', '--echo', '-d', '1h', '-u', url], {
      isTerminal: true,
    })
    await printed(' requests')
    interrupt()
    expect((await ended).code).toBe(130)
  })
})

describe('LatencyHistogram', () => {
  it('counts latencies in ranges', () => {
    const histogram = new LatencyHistogram()
    expect([
      histogram.percentiles(),
      histogram.countsBelow([1]),
      histogram.toText().split('\n').length,
    ]).toEqual([undefined, [0, 0], 5])
    for (const latency of [0.5, 1.5, 1.6, 30, 10_000_000]) histogram.add(latency)
    expect(histogram.countsBelow([1, 2, 100])).toEqual([1, 2, 1, 1])
    expect(histogram.percentiles()).toMatchObject({ p50: 1.6 })
  })
})

describe('latencyChart', () => {
  it('shows the ranges between the shortest and the longest latency', () => {
    const histogram = new LatencyHistogram()
    expect(latencyChart(histogram, 80)).toEqual([])
    for (let count = 0; count < 100; count += 1) histogram.add(1.5)
    histogram.add(9)
    histogram.add(6_000)
    const rows = latencyChart(histogram, 30)
    expect(rows.slice(0, 3)).toEqual([
      '   <= 2 ms  100 #############',
      '   <= 5 ms    0',
      '  <= 10 ms    1 #',
    ])
    expect(rows.at(-1)).toBe(' > 5000 ms    1 #')
    expect(latencyChart(histogram, 10)[0]).toBe('   <= 2 ms  100 #')
  })
})

describe('generateLoad', () => {
  it('counts a request that waits for room as due since then', async () => {
    const late: number[] = []
    const send = async (dueAt: number): Promise<void> => {
      late.push(performance.now() - dueAt)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const { signal } = new AbortController()
    await generateLoad(send, { concurrency: 1, rate: 1_000, count: 4, duration: 0, signal })
    expect(late.length).toBe(4)
    expect(late.at(-1)).toBeGreaterThan(50)
  })
})
