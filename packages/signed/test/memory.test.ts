import { describe, expect, it } from 'vitest'
import { ExchangeMemory } from '../src/exchange-memory.js'
import { NonceMemory } from '../src/nonce-memory.js'

describe('the memory of signatures', () => {
  it('forgets what is too old, and refuses no younger signature for it', () => {
    const memory = new NonceMemory(10, 1_000)
    memory.add('a', 0, 0)
    memory.add('b', 500, 500)
    memory.add('c', 1_100, 1_100)
    expect([memory.find('a'), memory.size]).toEqual([undefined, 2])
    expect(memory.canAccept(100)).toBe(true)
  })

  it('refuses signatures that are not younger than those that it had no room for', () => {
    const memory = new NonceMemory(2, 1_000)
    for (const time of [10, 30, 20, 40]) memory.add(`at ${time}`, time, 50)
    expect(memory.size).toBe(2)
    expect([10, 30, 31].map((time) => memory.canAccept(time))).toEqual([false, false, true])
    expect(memory.find('at 20')).toMatchObject({ isAcknowledged: false })
  })
})

describe('the memory of requests', () => {
  it('forgets requests an hour after their last message, and keeps those that are in use', () => {
    let now = 0
    const memory = new ExchangeMemory(() => now)
    memory.add('a', 'alice', 'one')
    memory.add('b', 'bob', 'two')
    now = 3_000_000
    memory.add('a', 'alice', 'three')
    now = 4_000_000
    expect(memory.find('b')).toBeUndefined()
    expect(memory.find('a')).toMatchObject({
      principal: 'alice',
      latest: 'three',
      references: new Set(['one', 'three']),
    })
    expect(memory.size).toBe(1)
  })

  it('is bounded', () => {
    const memory = new ExchangeMemory(() => 0)
    for (let index = 0; index < 100_002; index++) memory.add(`${index}`, 'alice', 'one')
    expect([memory.size, memory.find('1'), memory.find('2')?.latest]).toEqual([100_000, undefined, 'one'])
  })
})
