import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationOf } from '../src/index.js'

describe('an ISO 8601 duration', () => {
  it.each([
    ['PT10M', 600_000],
    ['PT1H30M', 5_400_000],
    ['P1D', 86_400_000],
    ['P1DT1S', 86_401_000],
    ['PT0.5S', 500],
    ['P2W', 1_209_600_000],
  ])('converts the duration %s to %d ms', (text, milliseconds) => {
    expect(durationOf(text)).toBe(milliseconds)
  })

  it.each(['10m', '-PT10M', 'PT-10M', 'P', 'PT', 'P1DT', 'PT0S', 'P1Y', 'P1M', 'pt10m', 'PT10M ', '', '600'])(
    'returns undefined for %j, which is not a supported duration',
    (text) => {
      expect(durationOf(text)).toBeUndefined()
    },
  )

  it('adds the days, hours, minutes and seconds of a duration', () => {
    const part = fc.integer({ min: 0, max: 1_000 })
    fc.assert(
      fc.property(part, part, part, part, (days, hours, minutes, seconds) => {
        fc.pre(days + hours + minutes + seconds > 0)
        expect(durationOf(`P${days}DT${hours}H${minutes}M${seconds}S`)).toBe(
          (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000,
        )
      }),
    )
  })
})
