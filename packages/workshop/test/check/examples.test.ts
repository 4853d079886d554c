import { describe, expect, it } from 'vitest'
import { firstMissing, isInterruptionDue } from '../../check/examples/stories.js'

describe('the output of an example', () => {
  const printed = 'ready\nfirst\nin between\nsecond\n'

  it('holds its expected lines in their order, with others in between', () => {
    expect(firstMissing(['first', 'second'], printed)).toBeUndefined()
    expect(firstMissing([], printed)).toBeUndefined()
  })

  it('may have anything where an expected line has …, and is taken by its letters otherwise', () => {
    expect(firstMissing(['Sent (…): a', 'b…'], 'Sent (1-2): a\nb.c\n')).toBeUndefined()
    expect(firstMissing(['b.c'], 'b!c\n')).toBe('b.c')
    expect(firstMissing(['…b'], 'ab!\n')).toBe('…b')
  })

  it('misses a line that is not there, or too early, or too seldom', () => {
    expect(firstMissing(['first', 'third'], printed)).toBe('third')
    expect(firstMissing(['second', 'first'], printed)).toBe('first')
    expect(firstMissing(['first', 'first'], printed)).toBe('first')
  })

  it('is interrupted where ^C stands, once all before it is there', () => {
    const expected = ['ready', 'first', '^C', 'closed']
    expect(isInterruptionDue(expected, 'ready\n')).toBe(false)
    expect(isInterruptionDue(expected, printed)).toBe(true)
    expect(isInterruptionDue(['first', 'second'], printed)).toBe(false)
    expect(firstMissing(expected, printed)).toBe('closed')
    expect(firstMissing(expected, `${printed}closed\n`)).toBeUndefined()
  })
})
