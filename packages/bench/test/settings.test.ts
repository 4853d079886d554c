import { describe, expect, it } from 'vitest'
import { brokerSettingsFrom } from '../src/broker-settings.js'
import { settingsFrom } from '../src/settings.js'

describe('settingsFrom', () => {
  it('runs everything in five rounds unless told otherwise', () => {
    expect(settingsFrom([])).toMatchObject({ isShort: false, isReportOnly: false, isForeignWanted: true })
    expect(settingsFrom([])).toMatchObject({ rounds: 5, only: [], profile: {}, broker: 'mosquitto' })
  })

  it('takes a short run, words and rounds', () => {
    expect(settingsFrom(['--short', '--only', 'QoS 1', '--rounds', '2', '--no-foreign'])).toMatchObject({
      isShort: true,
      only: ['qos', '1'],
      rounds: 2,
      isForeignWanted: false,
    })
  })

  it.each([
    [['--rounds', '0'], '--rounds is 0: it must be a whole number above 0'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j', (args, message) => {
    expect(() => settingsFrom(args)).toThrow(message)
  })
})

describe('brokerSettingsFrom', () => {
  it('measures every row briefly unless told otherwise', () => {
    expect(brokerSettingsFrom([])).toEqual({
      rounds: 9,
      milliseconds: 200,
      idle: 2_000,
      only: '',
      nodeOptions: [],
    })
  })

  it('takes a full run, a part of the names and a folder for profiles, with or without an equals sign', () => {
    const wanted = { rounds: 11, milliseconds: 2_000, idle: 10_000, only: 'fan' }
    const nodeOptions = ['--cpu-prof', '--cpu-prof-dir=p']
    for (const args of [
      ['--full', '--only=fan', '--profile=p'],
      ['--full', '--only', 'fan', '--profile', 'p'],
    ])
      expect(brokerSettingsFrom(args)).toEqual({ ...wanted, nodeOptions })
  })

  it.each([
    [['--ful'], "Unknown option '--ful'"],
    [['fan'], "Unexpected argument 'fan'"],
  ])('refuses %j', (args, message) => {
    expect(() => brokerSettingsFrom(args)).toThrow(message)
  })
})
