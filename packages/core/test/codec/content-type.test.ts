import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acceptsMediaTypes, parseMediaType } from '../../src/codec/content-type.js'
import { runs } from './runs.js'

const parameters = (contentType: string) => Object.fromEntries(parseMediaType(contentType)?.parameters ?? [])

describe('parseMediaType', () => {
  it.each([
    ['application/json', 'application/json'],
    ['Application/JSON', 'application/json'],
    [' text/plain ; charset=utf-8', 'text/plain'],
    ['application/vnd.acme.car+json;v=2', 'application/vnd.acme.car+json'],
    ['text/plain;', 'text/plain'],
    ['text/plain ; ; charset=utf-8', 'text/plain'],
  ])('parses %j as %s', (contentType, essence) => {
    expect(parseMediaType(contentType)?.essence).toBe(essence)
  })

  it.each([
    '',
    'json',
    '/',
    'application/',
    '/json',
    'a/b/c',
    'a b/c',
    'a/b c',
    'a/b;x',
    'a/b;=y',
    'a/b;x="',
    'ä/b',
  ])('returns undefined for %j', (contentType) => {
    expect(parseMediaType(contentType)).toBeUndefined()
  })

  it('parses parameters in any case, quoted or not; the first of a repeated name wins', () => {
    expect(parameters('text/plain; Charset=UTF-8; a="b;\\"c"; charset=latin1')).toEqual({
      charset: 'UTF-8',
      a: 'b;"c',
    })
  })

  it('parses at most 1 024 characters', () => {
    expect(parseMediaType(`a/${'b'.repeat(1_022)}`)?.essence).toHaveLength(1_024)
    expect(parseMediaType(`a/${'b'.repeat(1_023)}`)).toBeUndefined()
  })

  it('parses a hostile media type in less than a second of processor time', () => {
    const started = process.cpuUsage()
    parseMediaType(`text/plain;${' '.repeat(65_000)}x`)
    parseMediaType(`text/plain;a="${'\\"'.repeat(500)}`)
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000)
  })

  it('never throws on any media type', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseMediaType(text)
        parseMediaType(`a/b;${text}`)
      }),
      runs,
    )
  })
})

describe('acceptsMediaTypes', () => {
  const accepts = acceptsMediaTypes({ types: ['application/json', 'text/*'], suffix: '+json' })

  it.each([
    undefined,
    '',
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF8"',
    'application/vnd.acme+JSON; v=2',
    'text/csv',
  ])('accepts the content type %j', (contentType) => {
    expect(accepts(contentType)).toBe(true)
  })

  it.each([
    'application/cbor',
    'application/json; charset=latin1',
    'nonsense',
    'application/json,text/plain',
    'textual/x',
    'application/jsonl',
    'application/json; charset=utf-8859',
    'application/json; charset=x-utf-8',
  ])('does not accept the content type %j', (contentType) => {
    expect(accepts(contentType)).toBe(false)
  })
})
