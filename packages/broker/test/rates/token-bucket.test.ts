import { describe, expect, it } from 'vitest'
import { addressKey } from '../../src/rates/address-key.js'
import { Rates } from '../../src/rates/rates.js'
import { TokenBucket } from '../../src/rates/token-bucket.js'

describe('TokenBucket', () => {
  it('gives the tokens of one second at once, then returns how long to wait', () => {
    let now = 0
    const bucket = new TokenBucket(10, () => now)
    expect([bucket.take(10), bucket.take(1), bucket.take(4)]).toEqual([0, 100, 500])
    now = 500
    expect([bucket.take(0), bucket.take(1)]).toEqual([0, 100])
    now = 60_000
    expect(bucket.isFull).toBe(true)
    expect([bucket.take(10), bucket.isFull, bucket.take(1)]).toEqual([0, false, 100])
  })

  it('holds one token at rates below one per second', () => {
    let now = 0
    const bucket = new TokenBucket(0.1, () => now)
    expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false])
    now = 9_000
    expect(bucket.tryTake()).toBe(false)
    now = 10_000
    expect(bucket.tryTake()).toBe(true)
  })
})

describe('addressKey', () => {
  it.each([
    ['10.1.2.3:5000', '10.1.2.3'],
    ['::ffff:10.1.2.3:5000', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6:5000', '2001:db8:1:2'],
    ['2001:db8::6:5000', '2001:db8:0:0'],
    ['2001:db8:1:2:3:::5000', '2001:db8:1:2'],
    ['::1:5000', '0:0:0:0'],
    ['192.0.2.1:0', '192.0.2.1'],
    ['unknown:0', 'unknown'],
    ['ttyUSB0', 'ttyUSB0'],
  ])('counts %s as %s', (remoteAddress, key) => {
    expect(addressKey(remoteAddress)).toBe(key)
  })
})

describe('Rates', () => {
  it('counts the connections of one address together', () => {
    const rates = new Rates({ addressMessages: 2, clientBytes: 1_024 }, () => 0)
    const [first, second] = [rates.open('10.0.0.1:1'), rates.open('10.0.0.1:2')]
    expect([first.count(1_024, 1), second.count(1_024, 1), first.count(0, 1)]).toEqual([0, 0, 500])
    expect([second.count(512, 0), rates.open('10.0.0.2:1').count(0, 1)]).toEqual([500, 0])
    expect(rates.admitsConnection('10.0.0.1:3')).toBe(true)
  })

  it('forgets addresses that keep their rates, not those with connections or beyond their rates', () => {
    let now = 0
    const rates = new Rates({ addressConnects: 1 }, () => now)
    const connected = rates.open('10.9.0.1:1')
    for (let host = 0; host < 1_022; host++) rates.admitsConnection(`10.0.${host}.1:1`)
    now = 2_000
    rates.admitsConnection('10.9.0.2:1')
    expect(rates.addressCount).toBe(1_024)
    rates.admitsConnection('10.9.0.3:1')
    expect(rates.addressCount).toBe(3)
    expect([rates.admitsConnection('10.9.0.2:1'), rates.admitsConnection('10.9.0.1:2')]).toEqual([
      false,
      true,
    ])
    connected.close()
  })
})
