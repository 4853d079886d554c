import { describe, expect, it } from 'vitest'
import { countIn } from '../src/processes/instructions.js'

describe('countIn', () => {
  it('adds the counts of perf stat', () => {
    expect(countIn('1200,,instructions:u,5,100.00,,\n34,,instructions:k,5,100.00,,\n')).toBe(1_234)
  })

  it('returns undefined if the processor does not count', () => {
    expect(countIn('<not supported>,,instructions:u,0,100.00,,\n')).toBeUndefined()
  })

  it('returns undefined if perf is missing or printed no count', () => {
    expect(countIn(null)).toBeUndefined()
    expect(countIn('Error: no permission\n')).toBeUndefined()
  })
})
