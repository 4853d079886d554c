import { describe, expect, it } from 'vitest'
import { AccessControl } from '../../src/access/access-control.js'
import type { AccessSources } from '../../src/access/access-control.js'
import { hashPassword } from '../../src/access/password-hash.js'
import type { ConnectAttempt } from '../../src/index.js'
import { cheap } from './cheap-cost.js'

const none: AccessSources = {
  users: new Map(),
  passwords: undefined,
  isCertificateUser: false,
  allowsAnonymous: false,
  rules: undefined,
}

const attempt: ConnectAttempt = {
  clientId: 'a',
  protocolVersion: 5,
  remoteAddress: '192.0.2.1:5000',
  listener: 'mqtt://127.0.0.1:1883',
  keepAlive: 60,
  cleanStart: true,
  sessionExpiryInterval: 0,
  step: 0,
  isReAuthentication: false,
  userName: 'me',
  password: Buffer.from('wrong'),
}

describe('AccessControl', () => {
  it('has only the hooks that its users and rules need', () => {
    expect(Object.keys(new AccessControl(none).authority())).toEqual([])
    const withUsers = new AccessControl({ ...none, users: new Map([['you', 'secret']]) })
    expect(Object.keys(withUsers.authority())).toEqual(['authenticate'])
    expect(withUsers.authority().authenticate?.(attempt)).toEqual({ admit: false, reasonCode: 0x87 })
  })

  it('refuses a client with 0x89 Server busy if too many passwords wait for their check', async () => {
    const passwords = new Map([['me', await hashPassword('secret', cheap)]])
    const { authenticate } = new AccessControl({ ...none, passwords }).authority()
    const verdicts = Array.from({ length: 203 }, () => authenticate?.(attempt))
    expect(verdicts.at(-1)).toMatchObject({ admit: false, reasonCode: 0x89 })
    const codes = verdicts.slice(0, -1).map(async (verdict) => {
      const { reasonCode } = (await verdict) as { readonly reasonCode?: number }
      return reasonCode
    })
    expect(new Set(await Promise.all(codes))).toEqual(new Set([0x87]))
  })
})
