import { describe, expect, it } from 'vitest'
import { firstMissing } from '../../check/examples/stories.js'

describe('the output of an example', () => {
  const printed = 'ready\nfirst\nin between\nsecond\n'

  it('holds its expected lines in their order, with others in between', () => {
    expect(firstMissing(['first', 'second'], printed)).toBeUndefined()
    expect(firstMissing([], printed)).toBeUndefined()
  })

  it('misses a line that is not there, or too early, or too seldom', () => {
    expect(firstMissing(['first', 'third'], printed)).toBe('third')
    expect(firstMissing(['second', 'first'], printed)).toBe('first')
    expect(firstMissing(['first', 'first'], printed)).toBe('first')
  })
})
