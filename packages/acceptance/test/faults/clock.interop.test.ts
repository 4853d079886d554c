import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeForeign } from '@antiphon/workshop'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeClock } from '../../src/faults/ground/clock.js'

/** Says every 50 ms what time it is, and how long it has run. */
const speakingClock = 'setInterval(() => console.log(`${Date.now()} ${performance.now()}`), 50)'
const hour = 3_600_000

describeForeign(['faketime'], 'a clock of one process', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'antiphon-clock-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it.each([1, -1])('is set %i h while the process runs, whose timers go on as they did', async (hours) => {
    const { env, set } = makeClock(join(folder, 'clock'))
    const child = spawn(process.execPath, ['-e', speakingClock], { env: { ...process.env, ...env } })
    const times = async (): Promise<readonly [offset: number, run: number]> => {
      const [said] = (await once(child.stdout, 'data')) as [Buffer]
      const [now = 0, run = 0] = String(said).trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
      return [now - Date.now(), run]
    }
    try {
      const [before, start] = await times()
      expect(Math.abs(before)).toBeLessThan(hour / 10)
      set(hours)
      await expect.poll(async () => Math.round((await times())[0] / hour), { timeout: 5_000 }).toBe(hours)
      const [, end] = await times()
      expect(end - start).toBeGreaterThan(0)
      expect(end - start).toBeLessThan(hour / 10)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
})
