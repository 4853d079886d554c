import { describe, expect, it } from 'vitest'
import { firstMissing, isInterruptionDue } from '../../check/examples/read-examples.js'

describe('the expected output of an example', () => {
  const printed = 'ready\nfirst\nin between\nsecond\n'

  it('matches lines in order, with other lines in between', () => {
    expect(firstMissing(['first', 'second'], printed)).toBeUndefined()
    expect(firstMissing([], printed)).toBeUndefined()
  })

  it('matches any text for …, and all other characters literally', () => {
    expect(firstMissing(['Sent (…): a', 'b…'], 'Sent (1-2): a\nb.c\n')).toBeUndefined()
    expect(firstMissing(['b.c'], 'b!c\n')).toBe('b.c')
    expect(firstMissing(['…b'], 'ab!\n')).toBe('…b')
  })

  it('reports a line that is missing, too early or too rare', () => {
    expect(firstMissing(['first', 'third'], printed)).toBe('third')
    expect(firstMissing(['second', 'first'], printed)).toBe('first')
    expect(firstMissing(['first', 'first'], printed)).toBe('first')
  })

  it('interrupts the example at ^C, after all lines before it', () => {
    const expected = ['ready', 'first', '^C', 'closed']
    expect(isInterruptionDue(expected, 'ready\n')).toBe(false)
    expect(isInterruptionDue(expected, printed)).toBe(true)
    expect(isInterruptionDue(['first', 'second'], printed)).toBe(false)
    expect(firstMissing(expected, printed)).toBe('closed')
    expect(firstMissing(expected, `${printed}closed\n`)).toBeUndefined()
  })
})
