import { describe, expect, it } from 'vitest'
import { costOfProcess, exceeded } from '../src/limits.js'
import { readSettings } from '../src/settings.js'

describe('the limits of a simulation', () => {
  it('are those of the command line, or none', () => {
    expect(readSettings([])).toMatchObject({ limits: { memory: Infinity, cpu: Infinity } })
    expect(readSettings(['--max-memory', '8192', '--max-cpu', '600'])).toMatchObject({
      limits: { memory: 8_192, cpu: 600 },
    })
    expect(() => readSettings(['--max-cpu', 'long'])).toThrow(
      '--max-cpu is long: it must be a whole number above 0',
    )
  })

  it('are exceeded by more memory or CPU time, and the error names the option', () => {
    expect(exceeded({ memory: 900, cpu: 60 }, { memory: 900, cpu: 60 })).toEqual([])
    expect(exceeded({ memory: 901, cpu: 61 }, { memory: 900, cpu: 60 })).toEqual([
      'the simulation took 901 MiB: --max-memory is 900',
      'the simulation took 61 s of CPU: --max-cpu is 60',
    ])
  })

  it('are compared with what the process took, in MiB and seconds', () => {
    const { memory, cpu } = costOfProcess()
    expect(memory).toBeGreaterThan(20)
    expect(memory).toBeLessThan(1_000_000)
    expect(cpu).toBeLessThan(100_000)
  })
})
