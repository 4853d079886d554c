import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeForeign } from '@antiphon/workshop'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createClock } from '../../src/faults/machine/clock.js'

/** Prints the wall clock and the monotonic clock every 50 ms. */
const clockProgram = 'setInterval(() => console.log(`${Date.now()} ${performance.now()}`), 50)'
const hour = 3_600_000

describeForeign(['faketime'], 'createClock', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'antiphon-clock-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it.each([1, -1])(
    'sets the wall clock of a running process by %i h and leaves its timers unchanged',
    async (hours) => {
      const { env, set } = createClock(join(folder, 'clock'))
      const child = spawn(process.execPath, ['-e', clockProgram], { env: { ...process.env, ...env } })
      const times = async (): Promise<readonly [offset: number, run: number]> => {
        const [output] = (await once(child.stdout, 'data')) as [Buffer]
        const [now = 0, run = 0] = String(output).trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
        return [now - Date.now(), run]
      }
      try {
        const [before, start] = await times()
        expect(Math.abs(before)).toBeLessThan(hour / 10)
        set(hours)
        await expect.poll(async () => Math.round((await times())[0] / hour), { timeout: 60_000 }).toBe(hours)
        const [, end] = await times()
        expect(end - start).toBeGreaterThan(0)
        expect(end - start).toBeLessThan(hour / 10)
      } finally {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    },
  )
})
