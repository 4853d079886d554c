import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requests$, serve } from '@antiphon/core'
import { durableRequests } from '@antiphon/durable'
import { levelStore } from '@antiphon/durable/level'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { bundlePrograms } from '@antiphon/workshop/bundle'
import { isLeft } from 'fp-ts/lib/Either.js'
import { filter, firstValueFrom, of } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { runKilled } from './killed-process.js'
import { order } from './programs/order.js'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
// Beside `src`, the bundles find the dependency that cannot be bundled. One file per worker.
const bundles = fromHere('../../.cache')
const bundleOf = (program: string): string => `${bundles}/${program}-${process.pid}.mjs`
const kills = 50

/** Returns a number of lines, different for every run, after which a process is killed. */
const linesOf = (run: number): number => 1 + ((run * 37) % 60)

const linesIn = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')

function countsOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

describeForeign(['mosquitto'], 'processes that are killed under load', () => {
  let mosquitto: Mosquitto
  let folder: string
  beforeAll(async () => {
    const programs = ['till', 'kitchen']
    const sources = Object.fromEntries(
      programs.map((name) => [`${name}-${process.pid}`, fromHere(`programs/${name}.ts`)]),
    )
    await bundlePrograms({ sources, folder: bundles })
    mosquitto = await startMosquitto()
  })
  afterAll(async () => {
    await mosquitto.stop()
    for (const program of ['till', 'kitchen']) await rm(bundleOf(program), { force: true })
  })
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'antiphon-kill-'))))
  afterEach(() => rm(folder, { recursive: true, maxRetries: 5 }))

  it(`loses no request and handles none twice when the requester is killed ${kills} times`, async () => {
    const handled: string[] = []
    const link = connect(mosquitto.url, { clientId: 'kitchen' })
    // Every response is kept for the whole test: a request is sent again until its outcome is noted, however long that takes.
    const served = requests$(link, order, { responseCache: { entries: 100_000, ttl: 3_600_000 } })
      .pipe(
        serve(({ value }) => {
          handled.push(value)
          return of(`${value} done`)
        }),
      )
      .subscribe()
    const sent: string[] = []
    for (let run = 1; run <= kills; run++) {
      const lines = await runKilled(bundleOf('till'), [mosquitto.url, folder, String(run)], linesOf(run))
      sent.push(...lines.map((line) => line.replace('sent ', '')))
    }
    await runKilled(bundleOf('till'), [mosquitto.url, folder, 'last'], 'exit')
    served.unsubscribe()
    await link.close()

    const outcomes = new Map((await linesIn(join(folder, 'outcomes.txt'))).map((line) => splitLine(line)))
    expect(sent.filter((key) => outcomes.get(key) !== `${key} done`)).toEqual([])
    expect([...outcomes].filter(([key, text]) => text !== `${key} done`)).toEqual([])
    const twice = [...countsOf(handled)].filter(([, count]) => count > 1)
    expect(twice).toEqual([])
    expect(sent.length).toBeGreaterThan(kills)
  }, 600_000)

  it(`loses no request and handles none twice when the responder is killed ${kills} times`, async () => {
    const link = connect(mosquitto.url, { clientId: 'till' })
    const requests = durableRequests(link, order, {
      store: levelStore(join(folder, 'requests'), { sync: false }),
      attemptTimeout: 500,
    })
    const sent: string[] = []
    const outcomes = new Map<string, string>()
    let isSending = true
    const interrupted: string[] = []
    const lanes = Array.from({ length: 8 }, async (_, lane) => {
      for (let number = 1; isSending; number++) {
        const key = `${lane}-${number}`
        const outcome = firstValueFrom(outcomeOf$(key))
        await requests.send(key, key)
        sent.push(key)
        const { result, acknowledge } = await outcome
        if (isLeft(result) && result.left.status?.applicationCode === 'interrupted') interrupted.push(key)
        outcomes.set(key, isLeft(result) ? result.left.message : result.right)
        await acknowledge()
      }
    })
    const runs = (async () => {
      for (let run = 1; run <= kills; run++)
        await runKilled(bundleOf('kitchen'), [mosquitto.url, folder], linesOf(run))
      isSending = false
    })()
    await runs
    await lastRun(Promise.all(lanes))
    await requests.close()
    await link.close()

    const handled = countsOf(await linesIn(join(folder, 'handled.txt')))
    const answered = sent.filter((key) => !interrupted.includes(key))
    expect(sent.filter((key) => !outcomes.has(key))).toEqual([])
    expect(answered.filter((key) => outcomes.get(key) !== `${key} done`)).toEqual([])
    expect(answered.filter((key) => handled.get(key) !== 1)).toEqual([])
    expect([...handled].filter(([, count]) => count > 1)).toEqual([])
    expect(sent.length).toBeGreaterThan(kills)

    function outcomeOf$(key: string): typeof requests.outcomes$ {
      return requests.outcomes$.pipe(filter((outcome) => outcome.key === key))
    }
  }, 600_000)

  /** Runs the responder until the requests have their outcomes. */
  async function lastRun(settled: Promise<unknown>): Promise<void> {
    const child = spawn(process.execPath, [bundleOf('kitchen'), mosquitto.url, folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await settled
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

/** Splits `key text`. */
function splitLine(line: string): readonly [key: string, text: string] {
  const space = line.indexOf(' ')
  return [line.slice(0, space), line.slice(space + 1)]
}
