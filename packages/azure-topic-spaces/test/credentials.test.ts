import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toCredentials, type ConnectionString } from '../src/index.js'
import { parseUsername } from '../src/username.js'

const secret = '0123456789abcdef0123456789abcdef'
const key = btoa(secret)
const device = (deviceId: string): ConnectionString => ({
  hostName: 'abc.azure-devices.net',
  deviceId,
  sharedAccessKey: key,
})

describe('credentials', () => {
  it('creates the documented credentials of MyDevice15', async () => {
    const times = { issuedAt: 1_625_061_938_000, expiresAt: 1_625_064_338_000 }
    expect(await toCredentials(device('MyDevice15'), times)).toEqual({
      username:
        'h=abc.azure-devices.net&did=MyDevice15&av=2021-06-30-preview&am=SASb64&se=1625064338000&sa=1625061938000',
      password: 'nqCcxAay63RpfhOIL4YcE21d2cflrMx14kGE7fe39gA=',
    })
  })

  it('creates the documented credentials of car1 with the policy device', async () => {
    const times = { issuedAt: 1_600_000_000_000, expiresAt: 1_600_003_600_000 }
    expect(await toCredentials(device('car1'), { ...times, policy: 'device' })).toEqual({
      username:
        'h=abc.azure-devices.net&did=car1&av=2021-06-30-preview&am=SASb64&se=1600003600000&sa=1600000000000&sp=device',
      password: '1RU5AyugVOBOoHdxofBfhOilc/RK1HqgymjmoXvR5GE=',
    })
  })

  it('rounds the times of a credential down to seconds', async () => {
    const { username } = await toCredentials(device('d'), { issuedAt: 1_999, expiresAt: 5_001 })
    expect(username).toContain('se=5000&sa=1000')
  })

  it('creates a password of 32 raw bytes with the method SAS', async () => {
    const { password, username } = await toCredentials(device('d'), {
      method: 'SAS',
      issuedAt: 1_000,
      expiresAt: 2_000,
    })
    const text = 'abc.azure-devices.net\nd\n\n1000\n2000\n'
    expect(Buffer.from(password as Uint8Array)).toEqual(createHmac('sha256', secret).update(text).digest())
    expect(username).toContain('am=SAS&')
  })

  it('creates credentials without times and password with the method X509', async () => {
    const times = { issuedAt: 1_000, expiresAt: 2_000 }
    expect(await toCredentials({ hostName: 'h', deviceId: 'd' }, times)).toEqual({
      username: 'h=h&did=d&av=2021-06-30-preview&am=X509',
    })
    await expect(
      toCredentials({ hostName: 'h', deviceId: 'd' }, { ...times, method: 'SAS' }),
    ).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  it('percent-encodes the fields of a username in the original order', async () => {
    const { username } = await toCredentials(
      { ...device('a&b'), moduleId: 'm/1' },
      { issuedAt: 0, expiresAt: 1_000, modelId: 'dtmi:x;1', clientAgent: 'ä' },
    )
    expect(username).toBe(
      'h=abc.azure-devices.net&did=a%26b&av=2021-06-30-preview&mid=m%2F1&dtmi=dtmi%3Ax%3B1&ca=%C3%A4&am=SASb64&se=1000&sa=0',
    )
    expect(parseUsername(username)?.get('did')).toBe('a&b')
  })
})

describe('a username', () => {
  it('parses the fields of a username in any order', () => {
    expect(parseUsername('am=SAS&did=d%2F1&h=x')).toEqual(
      new Map([
        ['am', 'SAS'],
        ['did', 'd/1'],
        ['h', 'x'],
      ]),
    )
  })

  it.each(['', 'abc', '=x', 'a=%zz'])('returns undefined for the malformed username %j', (text) => {
    expect(parseUsername(text)).toBeUndefined()
  })
})
