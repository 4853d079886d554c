import { describe, expect, it } from 'vitest'
import { brokerSettingsFrom } from '../src/broker-settings.js'
import { settingsFrom } from '../src/settings.js'

describe('settingsFrom', () => {
  it('selects all rows in five rounds by default', () => {
    expect(settingsFrom([])).toMatchObject({ isShort: false, isReportOnly: false, includesForeign: true })
    expect(settingsFrom([])).toMatchObject({ rounds: 5, only: [], profile: {}, broker: 'mosquitto' })
  })

  it('accepts --short, --only, --rounds and --no-foreign', () => {
    expect(settingsFrom(['--short', '--only', 'QoS 1', '--rounds', '2', '--no-foreign'])).toMatchObject({
      isShort: true,
      only: ['qos', '1'],
      rounds: 2,
      includesForeign: false,
    })
  })

  it.each([
    [['--rounds', '0'], '--rounds is 0: it must be a whole number above 0'],
    [['--fast'], "Unknown option '--fast'"],
  ])('rejects the arguments %j', (args, message) => {
    expect(() => settingsFrom(args)).toThrow(message)
  })
})

describe('brokerSettingsFrom', () => {
  it('selects all rows in short slices by default', () => {
    expect(brokerSettingsFrom([])).toEqual({
      rounds: 9,
      milliseconds: 200,
      idle: 2_000,
      only: '',
      nodeOptions: [],
    })
  })

  it('accepts --full, --only and --profile, with or without an equals sign', () => {
    const expected = { rounds: 11, milliseconds: 2_000, idle: 10_000, only: 'fan' }
    const nodeOptions = ['--cpu-prof', '--cpu-prof-dir=p']
    for (const args of [
      ['--full', '--only=fan', '--profile=p'],
      ['--full', '--only', 'fan', '--profile', 'p'],
    ])
      expect(brokerSettingsFrom(args)).toEqual({ ...expected, nodeOptions })
  })

  it.each([
    [['--ful'], "Unknown option '--ful'"],
    [['fan'], "Unexpected argument 'fan'"],
  ])('rejects the arguments %j', (args, message) => {
    expect(() => brokerSettingsFrom(args)).toThrow(message)
  })
})
