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

  it.each([
    ['-?', /'\?' in the fault script '-\?' stands for nothing\. Known are x X r/],
    ['--|', /'\|' in '--\|' stands for nothing: each marble is a fault/],
    ['-#', /'#' in '-#' stands for nothing: each marble is a fault/],
  ])('refuses %s, naming the marble', (marbles, message) => {
    expect(() => faultScript(marbles)).toThrow(message)
    expect(() => faultScript(marbles)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('names no marble that has a meaning of its own in a diagram', () => {
    for (const marble of Object.keys(faultAlphabet)) expect(marble).toMatch(/^[A-Za-z]$/)
  })
})
