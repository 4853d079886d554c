import { AntiphonError, type ErrorCode, type RemoteStatus } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { OperationsError } from '../src/operations-error.js'
import { parseDuration } from '../src/protocol/duration.js'
import { headerFault } from '../src/protocol/message-headers.js'
import { ResponseFault } from '../src/protocol/response-check.js'
import { toOperationsError } from '../src/protocol/to-operations-error.js'

const details = { commandName: 'press', timeoutName: 'commandTimeout', timeoutValue: 10_000 }

describe('toOperationsError', () => {
  it.each<[ErrorCode, string, boolean]>([
    ['invalid-argument', 'invalid-configuration', true],
    ['encode', 'invalid-payload', true],
    ['decode', 'invalid-payload', false],
    ['timeout', 'timeout', false],
    ['cancelled', 'cancellation', false],
    ['publish-refused', 'mqtt-error', false],
    ['link-closed', 'mqtt-error', false],
    ['unknown', 'unknown-error', false],
  ])('makes %s the kind %s', (code, kind, isShallow) => {
    const cause = new AntiphonError(code, 'why', { topic: 'a/b', reasonCode: 0x87 })
    const error = toOperationsError(cause, details)
    expect(error).toMatchObject({
      kind,
      code,
      isShallow,
      isRemote: false,
      commandName: 'press',
      message: `[${code}] why`,
      topic: 'a/b',
      reasonCode: 0x87,
      cause,
    })
    expect(error.timeoutName).toBe(kind === 'timeout' ? 'commandTimeout' : undefined)
  })

  it('keeps an OperationsError, and is an AntiphonError', () => {
    const error = new OperationsError('timeout', 'late')
    expect(toOperationsError(error)).toBe(error)
    expect(error).toBeInstanceOf(AntiphonError)
    expect(new AntiphonError('timeout', 'late')).not.toBeInstanceOf(OperationsError)
    expect(error.code).toBe('timeout')
  })

  it('takes the fault of a response from the error of core', () => {
    const cause = new ResponseFault(headerFault('__ts', 'x', 'it is malformed'))
    const error = toOperationsError(new AntiphonError('protocol', 'rejected', { cause, topic: 'a' }), details)
    expect(error).toMatchObject({
      kind: 'invalid-header',
      headerName: '__ts',
      headerValue: 'x',
      commandName: 'press',
      topic: 'a',
      rawMessage: 'the header __ts is "x": it is malformed',
    })
  })

  it.each<[Partial<RemoteStatus>, object]>([
    [{ code: 400 }, { kind: 'invalid-payload' }],
    [
      { code: 400, propertyName: 'a' },
      { kind: 'missing-header', headerName: 'a' },
    ],
    [
      { code: 400, propertyName: 'a', propertyValue: 'b' },
      { kind: 'invalid-header', headerName: 'a', headerValue: 'b' },
    ],
    [
      { code: 408, propertyName: 'ExecutionTimeout', propertyValue: 'PT1M' },
      { kind: 'timeout', timeoutName: 'ExecutionTimeout', timeoutValue: 60_000 },
    ],
    [{ code: 408, propertyValue: 'soon' }, { kind: 'timeout' }],
    [
      { code: 415, propertyName: 'Content Type' },
      { kind: 'invalid-header', headerName: 'Content Type' },
    ],
    [{ code: 500 }, { kind: 'unknown-error' }],
    [
      { code: 500, propertyName: 'Buffer' },
      { kind: 'internal-logic-error', propertyName: 'Buffer' },
    ],
    [{ code: 500, isApplicationError: true }, { kind: 'execution-error' }],
    [{ code: 503 }, { kind: 'invalid-state' }],
    [
      { code: 505, requestedVersion: '1.0', supportedMajorVersions: [2] },
      { kind: 'unsupported-version', protocolVersion: '1.0', supportedProtocolMajorVersions: [2] },
    ],
    [{ code: 505 }, { kind: 'unsupported-version' }],
    [
      { code: 422, message: 'no' },
      { kind: 'unknown-error', rawMessage: 'no' },
    ],
  ])('reads the status %o', (partial, expected) => {
    const status: RemoteStatus = { code: 0, isApplicationError: false, ...partial }
    const error = toOperationsError(new AntiphonError('status', 'answered', { status }), details)
    expect(error).toMatchObject({ isRemote: true, code: 'status', status, commandName: 'press', ...expected })
  })
})

describe('parseDuration', () => {
  it.each([
    ['PT1S', 1_000],
    ['PT0.5S', 500],
    ['P1DT2H3M4S', 93_784_000],
    ['PT2H', 7_200_000],
    ['P', undefined],
    ['PT', undefined],
    ['1S', undefined],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })
})
