import { describe, expect, it } from 'vitest'
import { faultAlphabet, faultScript } from '../../src/index.js'

describe('faultScript', () => {
  it('reads marbles as faults and their times', () => {
    expect(faultScript('--x----r--')).toEqual([
      { at: 2, fault: { kind: 'cut' } },
      { at: 7, fault: { kind: 'restore' } },
    ])
    expect(faultScript(' 10ms (ob) 1s I').map(({ at }) => at)).toEqual([10, 10, 1_014])
  })

  it('takes other meanings', () => {
    const refused = { kind: 'refuse-connect', reasonCode: 0x87 } as const
    expect(faultScript('-n', { n: refused })).toEqual([{ at: 1, fault: refused }])
  })

  it.each(['-?', '--|', '-#'])('refuses %s, naming the marble and what is known', (marbles) => {
    const unknown = expect.objectContaining({
      code: 'invalid-argument',
      message: expect.stringMatching(/'[?|#]' in the fault script .* stands for nothing\. Known are x X r/),
    })
    expect(() => faultScript(marbles)).toThrow(unknown)
  })

  it('names no marble that has a meaning of its own in a diagram', () => {
    for (const marble of Object.keys(faultAlphabet)) expect(marble).toMatch(/^[A-Za-z]$/)
  })
})
