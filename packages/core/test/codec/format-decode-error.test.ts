import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DecodeError } from '../../src/codec/codec.js'
import { formatDecodeError, toDecodeFailure } from '../../src/codec/format-decode-error.js'
import { runs } from './runs.js'

const issue = (path: string, message: string) => ({ path, message })
const errorOf = (...issues: [DecodeError['issues'][0], ...DecodeError['issues'][0][]]): DecodeError => ({
  kind: 'payload',
  contentType: 'application/json',
  issues,
})

describe('formatDecodeError', () => {
  it('formats the first three issues on one line', () => {
    expect(formatDecodeError(errorOf(issue('$', 'not UTF-8')))).toBe('application/json: not UTF-8')
    expect(
      formatDecodeError(
        errorOf(issue('$.a', 'one'), issue('$.b', 'two'), issue('$', 'three'), issue('$', 'four')),
      ),
    ).toBe('application/json: $.a: one; $.b: two; three; and 1 more')
  })

  it('names the content type if there is one', () => {
    expect(formatDecodeError({ ...errorOf(issue('$.a', 'one')), contentType: '' })).toBe('$.a: one')
  })

  it('does not count further issues if there are three', () => {
    expect(formatDecodeError(errorOf(issue('$', 'a'), issue('$', 'b'), issue('$', 'c')))).toBe(
      'application/json: a; b; c',
    )
  })

  it('shortens long issues, and still says how many more there are', () => {
    const long = issue('$', 'x'.repeat(300))
    const line = formatDecodeError(errorOf(long, long, long, long, long))
    expect(line).toHaveLength(500)
    expect(line).toMatch(/^application\/json: x{300}; x+; and 2 more$/)
  })

  it('returns at most 500 characters, valid in an MQTT string, for any issues', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 900 }), fc.nat(5), (content, count) => {
        const others = Array.from({ length: count }, () => issue('$', content))
        const line = formatDecodeError({
          ...errorOf(issue(content, content), ...others),
          contentType: content,
        })
        expect(line.length).toBeLessThanOrEqual(500)
        expect(line).not.toMatch(/[\p{Control}\p{Surrogate}]/u)
      }),
      runs,
    )
    expect(formatDecodeError(errorOf(issue('$', 'a\0b\nc\ud800')))).toBe(
      'application/json: a\\u0000b\\u000ac\\ud800',
    )
  })
})

describe('toDecodeFailure', () => {
  it('returns a decode error with the issues as its cause', () => {
    const cause = errorOf(issue('$.a', 'one'))
    const failure = toDecodeFailure(cause)
    expect(failure.code).toBe('decode')
    expect(failure.rawMessage).toBe('cannot decode the payload as application/json: $.a: one')
    expect(failure.cause).toBe(cause)
  })
})
