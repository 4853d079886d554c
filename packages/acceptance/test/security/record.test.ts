import { expect, it } from 'vitest'
import { verdict } from '../../src/security/attack.js'
import { readReport } from '../../src/security/dependencies.js'
import { failuresOf } from '../../src/security/record.js'

it('holds an attack only where nothing is wrong', () => {
  expect(verdict('refused', false, false)).toEqual({ held: true, what: 'refused' })
  expect(verdict('refused', 'it ran', false, 'it fell')).toEqual({ held: false, what: 'it ran; it fell' })
})

it('fails by what did not hold here, and not by what did not hold at a peer', () => {
  const peer = { name: 'Peer', verdict: { held: false, what: 'it died' } }
  const records = [
    { tried: 'a', ours: { held: true, what: 'refused' }, peer },
    { tried: 'b', ours: { held: false, what: 'it ran twice' } },
  ]
  expect(failuresOf(records)).toEqual(['b: it ran twice'])
})

it('reads the advisories of a registry, and knows where it got none', () => {
  const advisory = { module_name: 'left', severity: 'high', title: 'it pads' }
  expect(readReport(JSON.stringify({ advisories: { 1: advisory } }))).toEqual(['left: it pads (high)'])
  expect(readReport('{"advisories": {}}')).toEqual([])
  expect(readReport('{"error": "405"}')).toBeUndefined()
  expect(readReport('no JSON')).toBeUndefined()
})
