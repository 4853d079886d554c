import { AntiphonError } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { describe, expect, it } from 'vitest'
import { difference } from '../../src/compare/difference.js'
import { readable } from '../../src/compare/readable.js'

describe('readable', () => {
  it.each([
    ['text', toUtf8('21.5'), '"21.5"'],
    ['JSON', toUtf8('{"t":21}'), '{"t":21}'],
    ['no bytes', new Uint8Array(), '(empty)'],
    ['bytes', Uint8Array.of(0, 255), '0x00ff'],
    ['control characters', Uint8Array.of(1), '0x01'],
    ['almost JSON', toUtf8('{"t":'), '"{\\"t\\":"'],
    ['a number', 1, '1'],
    ['a big integer', 1n, '1n'],
    ['nothing', undefined, 'undefined'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a function', function named() {}, 'function named'],
    ['an empty list', [], '[]'],
    ['an empty object', {}, '{}'],
  ])('shows %s', (_, value, shown) => expect(readable(value)).toBe(shown))

  it('shows a message with its payload decoded', () => {
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

  it('shows an error with all it carries', () => {
    const error = new AntiphonError('timeout', 'too late', { topic: 'a', cause: new Error('why') })
    expect(readable(error).split('\n')).toEqual(
      expect.arrayContaining([
        'AntiphonError',
        '  code: "timeout"',
        '  topic: "a"',
        '  message: "too late"',
        '    Error',
      ]),
    )
  })

  it('shows a ring once', () => {
    const ring: Record<string, unknown> = {}
    ring['self'] = ring
    expect(readable(ring)).toBe('self:\n  (the same again)')
  })
})

describe('difference', () => {
  it('keeps what is common and marks the rest', () => {
    expect(difference('a\nx\nc', 'a\nb\nc\nd')).toBe('  a\n- b\n+ x\n  c\n- d')
  })
})
