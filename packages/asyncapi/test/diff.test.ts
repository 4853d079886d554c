import { diff, toAsyncApi, type Change } from '@antiphon/asyncapi'
import { endpoint, json } from '@antiphon/core'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { changed, contracts, reread, runs, types } from './fixtures.js'

const info = { title: 'Car', version: '1' }
const Request = { id: t.string, doors: t.array(t.keyof({ front: null, rear: null })) }
const documentOf = (request: t.Mixed, response: t.Mixed = t.string, qos: 0 | 1 | 2 = 1): unknown =>
  reread(
    toAsyncApi(
      { unlock: endpoint({ topic: 'unlock', request: json(request), response: json(response) }) },
      { ...info, qos },
    ),
  )
const base = documentOf(t.type(Request), t.type({ ok: t.boolean }))
const request = ['channels', 'unlock', 'messages', 'request', 'payload']
const response = ['channels', 'unlockResponse', 'messages', 'response', 'payload']

const changesOf = (before: unknown, after: unknown): readonly string[] =>
  diff(before, after).changes.map(({ level, path, text }: Change) => `${level}: ${path}: ${text}`)

describe('diff', () => {
  it('is the same for equal documents, and for those that differ in words only', () => {
    expect(diff(base, base)).toEqual({ level: 'same', changes: [] })
    expect(diff(base, changed(base, [...request, 'description'], 'new'))).toEqual({
      level: 'same',
      changes: [],
    })
  })

  it('reports operations that are new or gone', () => {
    const two = reread(
      toAsyncApi(
        {
          other: endpoint({ topic: 'other', request: json(t.string), response: json(t.string) }),
          unlock: endpoint({
            topic: 'unlock',
            request: json(t.type(Request)),
            response: json(t.type({ ok: t.boolean })),
          }),
        },
        info,
      ),
    )
    expect(changesOf(base, two)).toEqual(['compatible: other: the operation is new'])
    expect(changesOf(two, base)).toEqual([
      'breaking: other: the operation is gone: its requests get no response',
    ])
  })

  it.each<[string, unknown, unknown, readonly string[]]>([
    [
      'a moved topic',
      base,
      changed(base, ['channels', 'unlock', 'address'], 'open'),
      ['breaking: unlock: the request topic is open, was unlock: requests arrive nowhere'],
    ],
    [
      'a moved response topic',
      base,
      changed(base, ['channels', 'unlockResponse', 'address'], 'opened'),
      ['breaking: unlock: the response topic is opened, was not set: responses arrive nowhere'],
    ],
    [
      'another correlation',
      base,
      changed(base, ['operations', 'unlock', 'x-antiphon', 'correlation'], { payloadField: 'id' }),
      [
        'breaking: unlock: the correlation is {"payloadField":"id"}, was correlationData: responses match no request',
      ],
    ],
    [
      'another number of responses',
      base,
      changed(base, ['operations', 'unlock', 'x-antiphon', 'responses'], 'many'),
      [
        'breaking: unlock: the number of responses is many, was one: the other side expects the former number',
      ],
    ],
    [
      'another number of items in a request',
      base,
      changed(base, ['operations', 'unlock', 'x-antiphon', 'requests'], 'many'),
      [
        'breaking: unlock: the number of items in a request is many, was one: the other side expects the former number',
      ],
    ],
    [
      'a lowered QoS',
      documentOf(t.string, t.string, 1),
      documentOf(t.string, t.string, 0),
      ['breaking: unlock: the QoS is 0, was 1: messages may be lost'],
    ],
    [
      'a raised QoS',
      documentOf(t.string),
      documentOf(t.string, t.string, 2),
      ['compatible: unlock: the QoS is 2, was 1'],
    ],
    [
      'another content type',
      base,
      changed(base, ['channels', 'unlock', 'messages', 'request', 'contentType'], 'text/json'),
      [
        'breaking: unlock request: the content type application/json is gone: the other side may use it',
        'compatible: unlock request: the content type text/json is new',
      ],
    ],
  ])('reports %s', (_, before, after, changes) => {
    expect(changesOf(before, after)).toEqual(changes)
  })

  const object = (properties: object, rest: object = {}): object => ({ type: 'object', properties, ...rest })
  const text = { type: 'string' }

  // Each change of a schema, with its level in a request and in a response.
  it.each<[string, unknown, unknown, string, 'breaking' | 'compatible', 'breaking' | 'compatible']>([
    [
      'a new required property',
      object({}),
      object({ a: text }, { required: ['a'] }),
      '$.a: the required property is new',
      'breaking',
      'compatible',
    ],
    [
      'a new optional property',
      object({}),
      object({ a: text }),
      '$.a: the property is new',
      'compatible',
      'compatible',
    ],
    [
      'a property that is gone',
      object({ a: text }),
      object({}),
      '$.a: the property is gone',
      'compatible',
      'breaking',
    ],
    [
      'a property that is refused',
      object({ a: text }, { additionalProperties: false }),
      object({}, { additionalProperties: false }),
      '$.a: the property is gone',
      'breaking',
      'breaking',
    ],
    [
      'a property that becomes required',
      object({ a: text }),
      object({ a: text }, { required: ['a'] }),
      '$.a: the property is required',
      'breaking',
      'compatible',
    ],
    [
      'a property that becomes optional',
      object({ a: text }, { required: ['a'] }),
      object({ a: text }),
      '$.a: the property is no longer required',
      'compatible',
      'breaking',
    ],
    [
      'no additional properties',
      {},
      { additionalProperties: false },
      '$: additional properties are no longer allowed',
      'breaking',
      'compatible',
    ],
    [
      'additional properties',
      { additionalProperties: false },
      {},
      '$: additional properties are allowed',
      'compatible',
      'breaking',
    ],
    [
      'a type of additional properties',
      { additionalProperties: text },
      { additionalProperties: { type: ['string', 'null'] } },
      '$.*: the type null is allowed',
      'compatible',
      'breaking',
    ],
    [
      'a type that is gone',
      { type: ['string', 'null'] },
      text,
      '$: the type null is no longer allowed',
      'breaking',
      'compatible',
    ],
    [
      'numbers in place of whole numbers',
      { type: 'integer' },
      { type: 'number' },
      '$: the type number is allowed',
      'compatible',
      'breaking',
    ],
    [
      'values',
      text,
      { type: 'string', enum: ['a'] },
      '$: only some values are allowed',
      'breaking',
      'compatible',
    ],
    ['any value', { const: 1 }, {}, '$: any value of the type is allowed', 'compatible', 'breaking'],
    [
      'a value that is gone',
      { enum: ['a', 'b'] },
      { enum: ['a'] },
      '$: the value "b" is no longer allowed',
      'breaking',
      'compatible',
    ],
    [
      'a value that is new',
      { enum: ['a'] },
      { enum: ['a', 'b'] },
      '$: the value "b" is allowed',
      'compatible',
      'breaking',
    ],
    ['a higher minimum', { minimum: 1 }, { minimum: 2 }, '$: minimum is 2, was 1', 'breaking', 'compatible'],
    ['no minimum', { minimum: 1 }, {}, '$: minimum is not set, was 1', 'compatible', 'breaking'],
    [
      'a lower maximum',
      { maxLength: 9 },
      { maxLength: 8 },
      '$: maxLength is 8, was 9',
      'breaking',
      'compatible',
    ],
    [
      'a higher maximum',
      { maxItems: 1 },
      { maxItems: 2 },
      '$: maxItems is 2, was 1',
      'compatible',
      'breaking',
    ],
    [
      'items',
      { items: text },
      { items: { type: 'number' } },
      '$[*]: the type string is no longer allowed',
      'breaking',
      'compatible',
    ],
    [
      'an item of a tuple',
      { items: [text] },
      { items: [{}] },
      '$[0]: the type array is allowed',
      'compatible',
      'breaking',
    ],
    ['no items', { items: text }, { items: false }, '$[*]: the schema is another', 'breaking', 'compatible'],
    [
      'other items',
      { items: [text] },
      { items: [text, text] },
      '$[*]: the schema is another',
      'breaking',
      'breaking',
    ],
    [
      'alternatives',
      {},
      { anyOf: [text] },
      '$: only some alternatives are allowed (anyOf)',
      'breaking',
      'compatible',
    ],
    [
      'no alternatives',
      { oneOf: [text] },
      {},
      '$: the alternatives are no longer limited (oneOf)',
      'compatible',
      'breaking',
    ],
    [
      'an alternative that is gone',
      { anyOf: [text, { type: 'null' }] },
      { anyOf: [text] },
      '$: an alternative is gone (anyOf)',
      'breaking',
      'compatible',
    ],
    [
      'an alternative that is new',
      { anyOf: [text] },
      { anyOf: [text, { type: 'null' }] },
      '$: an alternative is new (anyOf)',
      'compatible',
      'breaking',
    ],
    [
      'an alternative that changed',
      { anyOf: [text, { minimum: 1 }] },
      { anyOf: [text, { minimum: 2 }] },
      '$: minimum is 2, was 1',
      'breaking',
      'compatible',
    ],
    [
      'a part of an intersection',
      { allOf: [{ minimum: 1 }] },
      { allOf: [{ minimum: 2 }] },
      '$: minimum is 2, was 1',
      'breaking',
      'compatible',
    ],
    [
      'parts of an intersection',
      { allOf: [{}] },
      { allOf: [{}, {}] },
      '$: allOf has 2 parts, had 1',
      'breaking',
      'compatible',
    ],
    [
      'fewer parts of an intersection',
      { allOf: [{}] },
      {},
      '$: allOf has 0 parts, had 1',
      'compatible',
      'breaking',
    ],
    ['a pattern', {}, { pattern: 'a' }, '$: pattern is "a", was not set', 'breaking', 'compatible'],
    ['no pattern', { pattern: 'a' }, {}, '$: pattern is not set, was "a"', 'compatible', 'breaking'],
    [
      'another pattern',
      { pattern: 'a' },
      { pattern: 'b' },
      '$: pattern is "b", was "a"',
      'breaking',
      'breaking',
    ],
  ])('reports %s', (_, before, after, change, inRequest, inResponse) => {
    for (const [role, path, level] of [
      ['request', request, inRequest],
      ['response', response, inResponse],
    ] as const) {
      const { changes } = diff(changed(base, path, before), changed(base, path, after))
      expect(changes[0]?.level).toBe(level)
      expect(`${changes[0]?.path}: ${changes[0]?.text}`.replace(`unlock ${role} `, '')).toContain(change)
    }
  })

  it('is the same for every contract and itself', () => {
    fc.assert(
      fc.property(contracts, (contract) => {
        const document = reread(toAsyncApi(contract, info))
        expect(diff(document, document).level).toBe('same')
      }),
      runs,
    )
  })

  it('is breaking for every request that gets a required property', () => {
    fc.assert(
      fc.property(types, types, (one, other) => {
        const { level } = diff(
          documentOf(t.type({ one })),
          documentOf(t.type({ one, other: t.array(other) })),
        )
        expect(level).toBe('breaking')
      }),
      runs,
    )
  })

  it('is compatible for every request that gets an optional property', () => {
    fc.assert(
      fc.property(types, types, (one, other) => {
        const before = documentOf(t.intersection([t.type({ one }), t.partial({})]))
        const after = documentOf(t.intersection([t.type({ one }), t.partial({ other })]))
        expect(diff(before, after).level).toBe('compatible')
      }),
      runs,
    )
  })
})
