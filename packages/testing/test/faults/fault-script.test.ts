import { describe, expect, it } from 'vitest'
import { faultAlphabet, faultScript } from '../../src/index.js'

describe('faultScript', () => {
  it('parses marbles as faults with their times', () => {
    expect(faultScript('--x----r--')).toEqual([
      { at: 2, fault: { kind: 'cut' } },
      { at: 7, fault: { kind: 'restore' } },
    ])
    expect(faultScript(' 10ms (ob) 1s I').map(({ at }) => at)).toEqual([10, 10, 1_014])
  })

  it('takes faults for marbles from values', () => {
    const refused = { kind: 'refuse-connect', reasonCode: 0x87 } as const
    expect(faultScript('-n', { n: refused })).toEqual([{ at: 1, fault: refused }])
  })

  it.each([
    ['-?', /unknown marble '\?' in the fault script '-\?': it must be one of x X r/],
    ['--|', /invalid marble '\|' in '--\|': each marble must be a fault/],
    ['-#', /invalid marble '#' in '-#': each marble must be a fault/],
  ])('rejects the script %s and names the marble', (marbles, message) => {
    expect(() => faultScript(marbles)).toThrow(message)
    expect(() => faultScript(marbles)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('uses only letters, which have no special meaning in a diagram', () => {
    for (const marble of Object.keys(faultAlphabet)) expect(marble).toMatch(/^[A-Za-z]$/)
  })
})
