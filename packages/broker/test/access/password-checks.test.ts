import { describe, expect, it } from 'vitest'
import { PasswordChecks } from '../../src/access/password-checks.js'
import { hashPassword } from '../../src/access/password-hash.js'
import type { PasswordHash } from '../../src/access/password-hash.js'
import { cheap } from './cheap-cost.js'

const secret = Buffer.from('secret')

/** Checks whose hashes are computed when the test says so. */
function heldChecks(): { checks: PasswordChecks; calls: ((isRight: boolean) => void)[] } {
  const calls: ((isRight: boolean) => void)[] = []
  const checks = new PasswordChecks(() => new Promise((resolve) => calls.push(resolve)))
  return { checks, calls }
}

describe('PasswordChecks', () => {
  it('computes the hash of a right password once', async () => {
    const hash = await hashPassword('secret', cheap)
    const checks = new PasswordChecks()
    expect(await checks.check(Buffer.from('wrong'), hash)).toBe(false)
    expect(await checks.check(secret, hash)).toBe(true)
    expect(checks.check(secret, hash)).toBe(true)
    expect(await checks.check(Buffer.from('wrong'), hash)).toBe(false)
  })

  it('computes a hash for an unknown user too, with the cost of a new password, and is never right', async () => {
    const hashes: PasswordHash[] = []
    const checks = new PasswordChecks((_, hash) => {
      hashes.push(hash)
      return Promise.resolve(true)
    })
    expect(await checks.check(secret, undefined)).toBe(false)
    expect(hashes).toMatchObject([{ log2Cost: 14, blockSize: 8, parallelism: 1 }])
  })

  it('computes two hashes at a time, and refuses beyond 200 waiting', async () => {
    const { checks, calls } = heldChecks()
    const hash = await hashPassword('secret', cheap)
    const results = Array.from({ length: 202 }, () => checks.check(secret, hash))
    expect(calls).toHaveLength(2)
    expect(checks.check(secret, hash)).toBe('busy')
    calls[0]?.(true)
    expect(await results[0]).toBe(true)
    await Promise.resolve()
    expect(calls).toHaveLength(3)
    calls[2]?.(false)
    expect(await results[2]).toBe(false)
  })

  it('continues after a hash that could not be computed', async () => {
    const checks = new PasswordChecks(() => Promise.reject(new Error('no memory')))
    const hash = await hashPassword('secret', cheap)
    const results = Array.from({ length: 4 }, () => checks.check(secret, hash))
    for (const result of results) await expect(result).rejects.toThrow('no memory')
  })
})
