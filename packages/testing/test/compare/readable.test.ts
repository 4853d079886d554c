import { AntiphonError } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { describe, expect, it } from 'vitest'
import { difference } from '../../src/compare/difference.js'
import { readable } from '../../src/compare/readable.js'

describe('readable', () => {
  it.each([
    ['text', toUtf8('21.5'), '"21.5"'],
    ['JSON', toUtf8('{"t":21}'), '{"t":21}'],
    ['empty bytes', new Uint8Array(), '(empty)'],
    ['bytes', Uint8Array.of(0, 255), '0x00ff'],
    ['control characters', Uint8Array.of(1), '0x01'],
    ['incomplete JSON as text', toUtf8('{"t":'), '"{\\"t\\":"'],
    ['a number', 1, '1'],
    ['a negative zero', -0, '-0'],
    ['a big integer', 1n, '1n'],
    ['undefined', undefined, 'undefined'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a function', function named() {}, 'function named'],
    ['an empty list', [], '[]'],
    ['an empty object', {}, '{}'],
  ])('formats %s readably', (_, value, expected) => expect(readable(value)).toBe(expected))

  it('formats a message with its payload decoded', () => {
    const message = {
      topic: 'a/b',
      payload: toUtf8('hot'),
      userProperties: [
        ['k', 'v'],
        ['k', 'w'],
      ],
    }
    expect(readable(message).split('\n')).toEqual([
      'topic: "a/b"',
      'payload: "hot"',
      'userProperties:',
      '  - k: "v"',
      '  - k: "w"',
    ])
  })

  it('formats an error with all its properties', () => {
    const error = new AntiphonError('timeout', 'too late', { topic: 'a', cause: new Error('why') })
    expect(readable(error).split('\n')).toEqual(
      expect.arrayContaining([
        'AntiphonError',
        '  code: "timeout"',
        '  topic: "a"',
        '  message: "[timeout] too late"',
        '    Error',
      ]),
    )
  })

  it('formats a circular object once', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    expect(readable(circular)).toBe('self:\n  (circular)')
  })
})

describe('difference', () => {
  it('keeps common lines and marks the others', () => {
    expect(difference('a\nx\nc', 'a\nb\nc\nd')).toBe('  a\n- b\n+ x\n  c\n- d')
  })
})
