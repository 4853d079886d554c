import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactJson, depthOf, memberText } from '../src/platform/json-text.js'

describe('compactJson', () => {
  it('removes white space outside strings and keeps numbers, escapes and order as written', () => {
    const json = '{ "2": 1.0,\n "1" : 12345678901234567890 , "text": "a \\" b\\u0041", "list": [ 1e2, -0 ] }'
    expect(compactJson(json)).toBe(
      '{"2":1.0,"1":12345678901234567890,"text":"a \\" b\\u0041","list":[1e2,-0]}',
    )
  })

  it('returns what JSON.stringify returns, for any value with white space between its tokens', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(1, 2, '\t', ' \n'), (value, space) => {
        expect(compactJson(JSON.stringify(value, undefined, space))).toBe(JSON.stringify(value))
      }),
    )
  })

  it('compacts a string of 256 KiB', () => {
    const json = JSON.stringify({ text: 'x\\"'.repeat(60_000) })
    expect(compactJson(json)).toBe(json)
  })
})

describe('depthOf', () => {
  it.each([
    ['1', 0],
    ['"[[["', 0],
    ['[]', 1],
    ['{"a":[{}],"b":{}}', 3],
    ['['.repeat(100_000) + ']'.repeat(100_000), 100_000],
  ])('counts the levels of %.20s', (json, depth) => {
    expect(depthOf(json)).toBe(depth)
  })
})

describe('memberText', () => {
  it.each([
    ['{"a":1.0}', '1.0'],
    ['{"b":{"a":2},"a":{"x":[1,{"y":2}], "z":":,"}}', '{"x":[1,{"y":2}],"z":":,"}'],
    ['{"a":1,"a":2}', '2'],
    ['{"\\u0061":3}', '3'],
    ['{"b":["a",1]}', undefined],
    ['{}', undefined],
  ])('finds the member a of %s', (json, text) => {
    expect(memberText(json, 'a')).toBe(text)
  })

  it('finds each member of any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (object) => {
        const json = JSON.stringify(object, undefined, 1)
        for (const [name, value] of Object.entries(object))
          expect(memberText(json, name)).toBe(JSON.stringify(value))
      }),
    )
  })
})
