import { describe, expect, it } from 'vitest'
import type { UserProperties } from '../../src/index.js'
import { fromFailure, toStatus, type Failure } from '../../src/protocol/status.js'

const stat = (value: string, ...more: UserProperties): UserProperties => [['__stat', value], ...more]

describe('toStatus', () => {
  it.each([
    ['no properties', undefined],
    ['other properties only', [['tenant', 'a']] as UserProperties],
    ['200', stat('200')],
    ['204', stat('204')],
    ['an unknown status below 400', stat('299')],
    ['zero', stat('0')],
    ['leading zeros', stat('0200')],
  ])('reads a success from %s', (_, properties) => {
    expect(toStatus(properties)).toEqual({ kind: 'success' })
  })

  it.each(['', ' 200', '2e2', '200.0', '-200', '+200', 'ok', '0x1f4', '٢٠٠', '1'.repeat(10_000)])(
    'reports __stat %j as unreadable',
    (found) => {
      expect(toStatus(stat(found))).toEqual({ kind: 'unreadable', found })
    },
  )

  it.each([400, 408, 415, 499, 500, 503, 505, 418, 599, 600, 999_999_999])(
    'reads __stat %d as a failure',
    (code) => {
      expect(toStatus(stat(String(code)))).toEqual({
        kind: 'failure',
        status: { code, isApplicationError: false },
      })
    },
  )

  it('reads the first of several __stat', () => {
    expect(toStatus([...stat('200'), ...stat('500')])).toEqual({ kind: 'success' })
  })

  it('reads all properties of a failure', () => {
    const properties = stat(
      '500',
      ['__stMsg', 'close the door first'],
      ['__propName', 'door'],
      ['__propVal', 'open'],
      ['__apErr', 'true'],
      ['AppErrCode', 'door-open'],
      ['AppErrPayload', '{"door":3}'],
    )
    expect(toStatus(properties)).toEqual({
      kind: 'failure',
      status: {
        code: 500,
        message: 'close the door first',
        propertyName: 'door',
        propertyValue: 'open',
        isApplicationError: true,
        applicationCode: 'door-open',
        applicationPayload: '{"door":3}',
      },
    })
  })

  it.each([
    ['true', true],
    ['TRUE', true],
    ['1', true],
    ['yes', true],
    ['0', true],
    [' ', true],
    ['', false],
    ['false', false],
    ['False', false],
    ['FALSE', false],
  ])('reads __apErr %j as %s', (value, isApplicationError) => {
    expect(toStatus(stat('500', ['__apErr', value]))).toMatchObject({ status: { isApplicationError } })
  })
})

describe('fromFailure', () => {
  it('writes only the properties that a failure has', () => {
    expect(fromFailure({ code: 503 })).toEqual([['__stat', '503']])
  })

  it('writes a failure that toStatus reads back', () => {
    const failure: Failure = {
      code: 500,
      message: 'm',
      propertyName: 'n',
      propertyValue: 'v',
      isApplicationError: true,
      applicationCode: 'c',
      applicationPayload: 'p',
    }
    expect(toStatus(fromFailure(failure))).toEqual({ kind: 'failure', status: failure })
  })

  it('writes and reads the supported and requested versions of a 505', () => {
    const failure = { code: 505, supportedMajorVersions: [1, 2], requestedVersion: '2.3' }
    const properties = fromFailure(failure)
    expect(properties).toEqual([
      ['__stat', '505'],
      ['__supProtMajVer', '1 2'],
      ['__requestProtVer', '2.3'],
    ])
    expect(toStatus(properties)).toEqual({
      kind: 'failure',
      status: { ...failure, isApplicationError: false },
    })
  })

  it('leaves out supported versions that are no number', () => {
    const properties = [
      ['__stat', '505'],
      ['__supProtMajVer', '2  x 3.1 4'],
    ] as const
    expect(toStatus(properties)).toMatchObject({ status: { supportedMajorVersions: [2, 4] } })
  })

  it('escapes and shortens texts of an application to valid MQTT strings', () => {
    const properties = fromFailure({
      code: 500,
      message: 'nul \u0000, lone \ud800 and a bell \u0007',
      isApplicationError: true,
      applicationCode: 'c\u0001',
      applicationPayload: 'ü'.repeat(70_000),
    })
    const written = Object.fromEntries(properties)
    expect(written['__stMsg']).toBe('nul \\u0000, lone \\ud800 and a bell \\u0007')
    expect(written['AppErrCode']).toBe('c\\u0001')
    const size = new TextEncoder().encode(written['AppErrPayload']).length
    expect(size).toBeLessThanOrEqual(65_535)
    expect(size).toBeGreaterThan(30_000)
  })
})
