import { AntiphonError, ApplicationError } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { brand } from '../src/brand.js'

/** Creates an instance as another copy of the package would: with the same brand, but of another class. */
function fromAnotherCopy(name: string): object {
  const foreign = Object.assign(new Error('[timeout] no response'), { code: 'timeout' })
  brand(foreign, name)
  return foreign
}

describe('AntiphonError', () => {
  const error = new AntiphonError('timeout', 'no response within 5000 ms', { topic: 'a' })

  it('begins message with the code in brackets and keeps the bare text as rawMessage', () => {
    expect(error.message).toBe('[timeout] no response within 5000 ms')
    expect(error.rawMessage).toBe('no response within 5000 ms')
    expect(String(error)).toBe('AntiphonError: [timeout] no response within 5000 ms')
  })

  it('does not repeat the code in the message when context is added', () => {
    expect(error.withContext({ endpoint: 'e' })).toMatchObject({
      message: '[timeout] no response within 5000 ms',
      topic: 'a',
      endpoint: 'e',
    })
  })

  it('recognizes AntiphonErrors of another copy of the package, and no other value', () => {
    const foreign = fromAnotherCopy('antiphon.AntiphonError')
    expect(foreign instanceof AntiphonError).toBe(true)
    expect(AntiphonError.from(foreign)).toBe(foreign)
    for (const other of [new Error('x'), { code: 'timeout' }, null, undefined, 'timeout']) {
      expect(other instanceof AntiphonError).toBe(false)
    }
  })

  it('recognizes only its own instances through a subclass of AntiphonError', () => {
    class Special extends AntiphonError {}
    expect(new Special('timeout', 'x') instanceof Special).toBe(true)
    expect(new Special('timeout', 'x') instanceof AntiphonError).toBe(true)
    expect(error instanceof Special).toBe(false)
  })

  it('turns an AbortError into cancelled and any other value into unknown, with the original as cause', () => {
    const abort = AbortSignal.abort().reason as Error
    expect(AntiphonError.from(abort)).toMatchObject({ code: 'cancelled', cause: abort })
    expect(AntiphonError.from('text')).toMatchObject({ code: 'unknown', rawMessage: 'text', cause: 'text' })
  })
})

describe('ApplicationError', () => {
  it('recognizes ApplicationErrors of another copy of the package', () => {
    expect(fromAnotherCopy('antiphon.ApplicationError') instanceof ApplicationError).toBe(true)
    expect(new Error('x') instanceof ApplicationError).toBe(false)
  })

  it.each([399, 600, 404.5])('rejects the status %d', (status) => {
    expect(() => new ApplicationError({ code: 'gone', status })).toThrow(
      `status is ${status}: it must be a whole number from 400 to 599`,
    )
  })
})
