import { linkOver, type ReconnectOptions, type Transport } from '@antiphon/core/link'
import { describe, expect, it } from 'vitest'
import { reconnectDelays } from '../../src/link/reconnect.js'
import { connectorSetting } from './connector-setting.js'

const backOff = { initial: 100, maximum: 1_000, jitter: 0 }

describe('reconnect.spread', () => {
  it('spreads the first delay after a loss evenly, and leaves the others to the back-off', () => {
    const chances = [0, 0.5, 0.999]
    const { afterLoss, afterAttempt } = reconnectDelays({
      ...backOff,
      spread: 60_000,
      random: () => chances.shift() ?? 0,
    })
    expect([afterLoss(1), afterLoss(1), afterLoss(1)]).toEqual([0, 30_000, 59_940])
    expect([afterLoss(2), afterAttempt(1), afterAttempt(2)]).toEqual([200, 100, 200])
  })

  it('is not used by default', () => {
    expect([1, 2].map(reconnectDelays(backOff).afterLoss)).toEqual([100, 200])
    const early = Array.from({ length: 100 }, () => reconnectDelays().afterLoss(1))
    expect(Math.min(...early)).toBeGreaterThanOrEqual(125)
    expect(Math.max(...early)).toBeLessThanOrEqual(250)
  })

  it('draws a delay for each client', () => {
    const { afterLoss } = reconnectDelays({ spread: 1_000_000 })
    expect(new Set([1, 1, 1].map(afterLoss)).size).toBe(3)
  })

  it('delays the first attempt after a loss, but not the next attempts', () => {
    const { connector, log, accept, fail, advance } = connectorSetting({
      reconnect: { spread: 10_000, random: () => 0.5, jitter: 0 },
    })
    connector.open()
    accept()
    fail('connection-lost')
    advance(4_999)
    expect(log.at(-1)).toBe('offline connection-lost 5000')
    advance(1)
    expect(log.at(-1)).toBe('connecting 2')
    fail('connection-lost')
    expect(log.at(-1)).toBe('offline connection-lost 200')
  })

  it('does not delay a connection that replaces one of maxConnectionAge', () => {
    const { connector, log, accept, advance, completeDisconnect } = connectorSetting({
      maxConnectionAge: 5_000,
      reconnect: { spread: 10_000, random: () => 0.5, jitter: 0 },
    })
    connector.open()
    accept()
    advance(5_000)
    completeDisconnect()
    expect(log.at(-1)).toBe('offline connection-lost 100')
  })

  it.each([
    [{ spread: -1 }, 'reconnect.spread is -1: it must be a number from 0'],
    [{ sprad: 1 }, 'reconnect.sprad is not known: did you mean spread?'],
    [{ spread: 1, maximum: 9 }, 'reconnect.maximum is 9: it must be at least initial, 250'],
  ])('rejects the options %j', (reconnect, message) => {
    expect(() => linkOver({} as Transport, { reconnect: reconnect as ReconnectOptions })).toThrow(message)
  })
})
