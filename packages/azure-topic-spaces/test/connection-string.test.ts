import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientIdOf, formatConnectionString, parseConnectionString } from '../src/index.js'

const key = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

describe('a connection string', () => {
  it('is ;-separated Key=Value, split on the first = only', () => {
    expect(parseConnectionString(`HostName=abc.net;DeviceId=a=b;SharedAccessKey=${key}`)).toEqual({
      hostName: 'abc.net',
      deviceId: 'a=b',
      sharedAccessKey: key,
    })
  })

  it('may name a module and a gateway, in any order', () => {
    const text = `ModuleId=m;GatewayHostName=gate;SharedAccessKey=${key};DeviceId=d;HostName=h`
    const device = parseConnectionString(text)
    expect(device).toMatchObject({ moduleId: 'm', gatewayHostName: 'gate' })
    expect(clientIdOf(device)).toBe('d/m')
  })

  it('says x509=true in place of a key', () => {
    const device = parseConnectionString('HostName=h;DeviceId=d;x509=true')
    expect(device).toEqual({ hostName: 'h', deviceId: 'd' })
    expect(formatConnectionString(device)).toBe('HostName=h;DeviceId=d;x509=true')
  })

  it.each([
    [`DeviceId=d;SharedAccessKey=${key}`, 'HostName is missing'],
    [`HostName=h;SharedAccessKey=${key}`, 'DeviceId is missing'],
    ['HostName=h;DeviceId=d', 'SharedAccessKey is missing'],
    [`HostName=h;DeviceId=d;DeviceId=e;SharedAccessKey=${key}`, 'DeviceId stands twice'],
    [`HostName=h;DeviceId=;SharedAccessKey=${key}`, 'DeviceId is empty'],
    [`HostName=h;DeviceId=d;Colour=red;SharedAccessKey=${key}`, '"Colour" is unknown'],
    ['HostName=h;DeviceId=d;SharedAccessKey=not!base64', 'SharedAccessKey is not base64'],
    [`HostName=h;DeviceId=d;x509=true;SharedAccessKey=${key}`, 'exclude each other'],
    ['HostName=h;DeviceId=d;x509=yes', 'x509 must be true'],
    [`HostName=h;DeviceId=d;${key.replace('=', '')}`, 'Field=Value'],
  ])('%s is refused by name', (text, why) => {
    const refused = (): unknown => parseConnectionString(text)
    expect(refused).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(refused).toThrow(why)
  })

  it('never shows the key in its errors', () => {
    const broken = [`SharedAccessKey=${key}`, `HostName=h;DeviceId=d;SharedAccessKey=${key}!`, key, `;${key}`]
    for (const text of broken) {
      expect(() => parseConnectionString(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(key.slice(0, 8)) as unknown }),
      )
    }
  })

  it('round trips', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.includes(';'))
    const device = fc.record(
      {
        hostName: word,
        deviceId: word,
        moduleId: word,
        gatewayHostName: word,
        sharedAccessKey: fc.base64String({ minLength: 4 }),
      },
      { requiredKeys: ['hostName', 'deviceId'] },
    )
    fc.assert(
      fc.property(device, (given) => {
        expect(parseConnectionString(formatConnectionString(given))).toEqual(given)
      }),
    )
  })
})
