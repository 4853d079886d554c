import { expect, it } from 'vitest'
import { attackOutcome } from '../../src/security/test-bed/attack.js'
import { readReport } from '../../src/security/dependencies.js'
import { failuresOf } from '../../src/security/record.js'

it('treats an attack as withstood only if no fault was found', () => {
  expect(attackOutcome('refused', false, false)).toEqual({ isWithstood: true, detail: 'refused' })
  expect(attackOutcome('refused', 'it ran', false, 'it fell')).toEqual({
    isWithstood: false,
    detail: 'it ran; it fell',
  })
})

it('reports attacks that succeeded against Antiphon, not those against a peer', () => {
  const peer = { name: 'Peer', verdict: { isWithstood: false, detail: 'it died' } }
  const records = [
    { name: 'a', outcome: { isWithstood: true, detail: 'refused' }, peer },
    { name: 'b', outcome: { isWithstood: false, detail: 'it ran twice' } },
  ]
  expect(failuresOf(records)).toEqual(['b: it ran twice'])
})

it('reads the advisories of an audit, and returns undefined without a report', () => {
  const advisory = { module_name: 'left', severity: 'high', title: 'it pads' }
  expect(readReport(JSON.stringify({ advisories: { 1: advisory } }))).toEqual(['left: it pads (high)'])
  expect(readReport('{"advisories": {}}')).toEqual([])
  expect(readReport('{"error": "405"}')).toBeUndefined()
  expect(readReport('no JSON')).toBeUndefined()
})
