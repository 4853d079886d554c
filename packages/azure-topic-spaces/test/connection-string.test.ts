import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientIdOf, formatConnectionString, parseConnectionString } from '../src/index.js'

const key = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

describe('a connection string', () => {
  it('parses Key=Value fields separated by ; and splits each at the first =', () => {
    expect(parseConnectionString(`HostName=abc.net;DeviceId=a=b;SharedAccessKey=${key}`)).toEqual({
      hostName: 'abc.net',
      deviceId: 'a=b',
      sharedAccessKey: key,
    })
  })

  it('parses a module and a gateway in any order', () => {
    const text = `ModuleId=m;GatewayHostName=gate;SharedAccessKey=${key};DeviceId=d;HostName=h`
    const device = parseConnectionString(text)
    expect(device).toMatchObject({ moduleId: 'm', gatewayHostName: 'gate' })
    expect(clientIdOf(device)).toBe('d/m')
  })

  it('ignores white space around the text, as of a shell or a file', () => {
    const text = `HostName=h;DeviceId=d;SharedAccessKey=${key}`
    expect(parseConnectionString(` \t${text}\r\n`)).toEqual(parseConnectionString(text))
  })

  it('parses and formats the name of a policy with its key', () => {
    const text = `HostName=h;DeviceId=d;SharedAccessKeyName=device;SharedAccessKey=${key}`
    const device = parseConnectionString(text)
    expect(device).toMatchObject({ sharedAccessKeyName: 'device', sharedAccessKey: key })
    expect(formatConnectionString(device)).toBe(text)
  })

  it('parses and formats x509=true in place of a key', () => {
    const device = parseConnectionString('HostName=h;DeviceId=d;x509=true')
    expect(device).toEqual({ hostName: 'h', deviceId: 'd' })
    expect(formatConnectionString(device)).toBe('HostName=h;DeviceId=d;x509=true')
  })

  it.each([
    [`DeviceId=d;SharedAccessKey=${key}`, 'HostName is missing'],
    [`HostName=h;SharedAccessKey=${key}`, 'DeviceId is missing'],
    ['HostName=h;DeviceId=d', 'SharedAccessKey is missing'],
    [`HostName=h;DeviceId=d;DeviceId=e;SharedAccessKey=${key}`, 'DeviceId is repeated'],
    [`HostName=h;DeviceId=;SharedAccessKey=${key}`, 'DeviceId is empty'],
    [`HostName=h;DeviceId=d;Colour=red;SharedAccessKey=${key}`, '"Colour" is unknown'],
    ['HostName=h;DeviceId=d;SharedAccessKey=not!base64', 'SharedAccessKey is not base64'],
    [`HostName=h;DeviceId=d;x509=true;SharedAccessKey=${key}`, 'exclude each other'],
    ['HostName=h;DeviceId=d;SharedAccessKeyName=device;x509=true', 'needs a SharedAccessKey'],
    ['HostName=h;DeviceId=d;x509=yes', 'x509 is "yes": it must be true'],
    [`HostName=h;DeviceId=d;${key.replace('=', '')}`, 'Field=Value'],
  ])('rejects the connection string %s with the name of the field', (text, why) => {
    const refused = (): unknown => parseConnectionString(text)
    expect(refused).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(refused).toThrow(why)
  })

  it('does not show the key in errors about a connection string', () => {
    const broken = [`SharedAccessKey=${key}`, `HostName=h;DeviceId=d;SharedAccessKey=${key}!`, key, `;${key}`]
    for (const text of broken) {
      expect(() => parseConnectionString(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(key.slice(0, 8)) as unknown }),
      )
    }
  })

  it('parses every connection string that it formats', () => {
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
      fc.property(device, (parts) => {
        expect(parseConnectionString(formatConnectionString(parts))).toEqual(parts)
      }),
    )
  })
})
