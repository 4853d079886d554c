import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeResp3, encodeResp3, type Resp3 } from '../../src/state-store/resp3.js'

const decode = (text: string): Resp3 | undefined => decodeResp3(new TextEncoder().encode(text))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('RESP3', () => {
  it('decodes the arrays that it encodes, whatever the blobs contain', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (items) => {
        expect(decodeResp3(encodeResp3(items))).toEqual({ type: 'array', items })
      }),
    )
    expect(encodeResp3(['GET', bytes('ä')])).toEqual(bytes('*2\r\n$3\r\nGET\r\n$2\r\nä\r\n'))
  })

  it.each<[string, Resp3]>([
    ['+OK\r\n', { type: 'text', text: 'OK' }],
    ['-ERR no\r\n', { type: 'error', text: 'ERR no' }],
    [':-1\r\n', { type: 'number', number: -1 }],
    ['$-1\r\n', { type: 'nil' }],
    ['_\r\n', { type: 'nil' }],
    ['$0\r\n\r\n', { type: 'blob', bytes: new Uint8Array() }],
    ['$4\r\na\r\nb\r\n', { type: 'blob', bytes: bytes('a\r\nb') }],
    ['*0\r\n', { type: 'array', items: [] }],
  ])('decodes %j', (text, value) => {
    expect(decode(text)).toEqual(value)
  })

  it.each([
    '',
    '+OK',
    '+OK\r',
    '+OK\r\n ',
    'OK\r\n',
    ':one\r\n',
    '_x\r\n',
    '$5\r\nab\r\n',
    '$2\r\nabc\r\n',
    '$-2\r\n',
    '$x\r\n',
    '*1\r\n',
    '*1\r\n:1\r\n',
    '*x\r\n',
    '*999999999\r\n$0\r\n\r\n',
  ])('rejects %j', (text) => {
    expect(decode(text)).toBeUndefined()
  })

  it('never throws, and never reads beyond the payload', () => {
    const line = fc.constantFrom('$', '*', '+', '-', ':', '_', '\r\n', '\r', '1', '2', '-1', 'a')
    const hostile = fc.array(line, { maxLength: 20 }).map((parts) => bytes(parts.join('')))
    fc.assert(
      fc.property(fc.oneof(hostile, fc.uint8Array({ maxLength: 60 })), (payload) => {
        const value = decodeResp3(payload)
        if (value?.type === 'array') expect(encodeResp3(value.items)).toHaveLength(payload.length)
      }),
    )
  })

  it('decodes no prefix of a value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 9 }), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (items, cut) => {
          const payload = encodeResp3(items)
          expect(decodeResp3(payload.subarray(0, cut % payload.length))).toBeUndefined()
        },
      ),
    )
  })
})
