import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cpuTimeOf } from '../src/processes/cpu-time.js'

describe('cpuTimeOf', () => {
  it('returns the CPU time of a process if the system tells it', () => {
    const time = cpuTimeOf(process.pid)
    expect(time !== undefined).toBe(existsSync('/proc/self/schedstat'))
    expect(time ?? 1).toBeGreaterThan(0)
  })

  it('returns undefined for a process that does not exist', () => {
    expect(cpuTimeOf(0)).toBeUndefined()
  })
})
