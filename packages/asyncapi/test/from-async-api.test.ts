import { DocumentError, fromAsyncApi } from '@antiphon/asyncapi'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changed, runs } from './fixtures.js'

const document = {
  asyncapi: '3.0.0',
  info: { title: 'Sum', version: '1' },
  channels: {
    sum: {
      address: 'sum/{unit}',
      messages: { request: { $ref: '#/components/messages/request' } },
      parameters: { unit: { enum: ['m'] } },
    },
    result: { address: null, messages: { response: { payload: { type: 'number' } } } },
  },
  operations: {
    sum: {
      action: 'receive',
      channel: { $ref: '#/channels/sum' },
      reply: { channel: { $ref: '#/channels/result' } },
    },
  },
  components: {
    messages: {
      request: {
        traits: [{ contentType: 'application/vnd.sum+json' }],
        correlationId: { location: '$message.payload#/token' },
        payload: {
          schemaFormat: 'application/schema+json;version=draft-07',
          schema: { $ref: '#/components/schemas/Sum' },
        },
      },
    },
    schemas: { Sum: { type: 'object', properties: { $ref: { type: 'string' } } } },
  },
}
const payload = ['components', 'schemas', 'Sum']

const faultOf = (faulty: unknown): readonly string[] => {
  try {
    fromAsyncApi(faulty)
  } catch (thrown) {
    if (thrown instanceof DocumentError) return [thrown.pointer, thrown.rule]
    throw thrown
  }
  return []
}

const nested = (depth: number): unknown =>
  Array.from({ length: depth }).reduce<unknown>((inner) => ({ not: inner }), {})

describe('fromAsyncApi', () => {
  it('reads traits, references, schema formats and content types', () => {
    const { endpoints, unsupported, info } = fromAsyncApi(document)
    expect(unsupported).toEqual([])
    expect(info).toEqual({ title: 'Sum', version: '1' })
    expect(endpoints['sum']).toMatchObject({
      name: 'sum',
      cancel: 'local',
      request: { contentType: 'application/vnd.sum+json' },
      response: { contentType: 'application/json' },
      correlation: { name: 'payloadField(token)' },
    })
    expect(endpoints['sum']?.topic.template).toBe('sum/{unit}')
  })

  it('accepts any of several messages', () => {
    const two = {
      a: { payload: { const: 1 } },
      b: { payload: { const: 2 } },
      c: { payload: true, contentType: 'text/plain' },
    }
    const { endpoints } = fromAsyncApi(changed(document, ['channels', 'result', 'messages'], two))
    const { response } = endpoints['sum'] ?? {}
    const utf8 = (text: string) => new TextEncoder().encode(text)
    expect(response?.decode(utf8('2'))).toMatchObject({ right: 2 })
    expect(response?.decode(utf8('3'))).toMatchObject({ left: {} })
    expect(response?.decode(utf8('3'), 'text/plain')).toMatchObject({ right: '3' })
  })

  it.each<[string, readonly string[], unknown, string, string]>([
    ['is not an object', [], 'x', '#', 'it must be an object'],
    [
      'is of version 2',
      ['asyncapi'],
      '2.6.0',
      '#/asyncapi',
      'it must be a version of AsyncAPI 3, found "2.6.0"',
    ],
    ['has no version', ['asyncapi'], null, '#/asyncapi', 'it must be a version of AsyncAPI 3, found null'],
    ['has no title', ['info', 'title'], null, '#/info/title', 'it is missing'],
    ['has no version of its own', ['info', 'version'], null, '#/info/version', 'it is missing'],
    [
      'has an address that is no text',
      ['channels', 'sum', 'address'],
      7,
      '#/channels/sum/address',
      'it must be a string',
    ],
    [
      'has an operation that is no object',
      ['operations', 'sum'],
      7,
      '#/operations/sum',
      'it must be an object',
    ],
    [
      'has another action',
      ['operations', 'sum', 'action'],
      'call',
      '#/operations/sum/action',
      'it must be send or receive',
    ],
    [
      'has no channel',
      ['operations', 'sum', 'channel'],
      undefined,
      '#/operations/sum/channel',
      'it is missing',
    ],
    [
      'refers to what is not there',
      ['operations', 'sum', 'channel', '$ref'],
      '#/channels/none',
      '#/operations/sum/channel/$ref',
      '"#/channels/none" is not in the document',
    ],
    [
      'refers to a property of a text',
      ['operations', 'sum', 'channel', '$ref'],
      '#/info/title/length',
      '#/operations/sum/channel/$ref',
      '"#/info/title/length" is not in the document',
    ],
    [
      'has a reference that is no text',
      ['operations', 'sum', 'channel', '$ref'],
      7,
      '#/operations/sum/channel/$ref',
      'it must be a string',
    ],
    [
      'has a reference that is no pointer',
      ['operations', 'sum', 'channel', '$ref'],
      '#/%zz',
      '#/operations/sum/channel/$ref',
      '"#/%zz" is not a JSON pointer',
    ],
    [
      'has a remote reference',
      payload,
      { $ref: 'https://example.com/schema.json' },
      '#/components/schemas/Sum/$ref',
      '"https://example.com/schema.json" is outside the document, and is not fetched: bundle it first',
    ],
    [
      'has a reference to itself',
      ['operations', 'sum', 'channel', '$ref'],
      '#/operations/sum/channel',
      '#/operations/sum/channel',
      'its $ref leads to another $ref more than 32 times',
    ],
    [
      'has messages that are no array',
      ['operations', 'sum', 'messages'],
      {},
      '#/operations/sum/messages',
      'it must be an array',
    ],
    [
      'has a schema that is no schema',
      payload,
      7,
      '#/components/schemas/Sum',
      'it must be a schema: an object, or true',
    ],
    [
      'has a schema that refers to itself for the same value',
      payload,
      { not: { $ref: '#/components/schemas/Sum' } },
      '#/components/schemas/Sum/not',
      'the schema #/components/schemas/Sum refers to itself for the same value, which no validation would end',
    ],
    [
      'has a pattern with a back-reference',
      payload,
      { patternProperties: { '(a)\\1': {} } },
      '#/components/schemas/Sum',
      'the pattern "(a)\\\\1" is refused',
    ],
    [
      'has a pattern that is too long',
      payload,
      { pattern: 'a'.repeat(1_001) },
      '#/components/schemas/Sum',
      'is refused: it is longer than 1000 characters',
    ],
    [
      'compares all pairs of many items',
      payload,
      { uniqueItems: true },
      '#/components/schemas/Sum/uniqueItems',
      'it needs maxItems of at most 1000',
    ],
    [
      'is nested too deeply',
      payload,
      nested(200),
      `#/components/schemas/Sum${'/not'.repeat(97)}`,
      'it must be nested at most 100',
    ],
    [
      'has too many values',
      ['info', 'x'],
      Array.from({ length: 100_001 }, () => 0),
      '#',
      'it must have at most 100000',
    ],
    [
      'has a key that could reach a prototype',
      payload,
      JSON.parse('{"properties":{"__proto__":{}}}'),
      '#/components/schemas/Sum/properties/__proto__',
      'this key could reach a prototype and is refused',
    ],
    [
      'has a schema of too many parts',
      ['components', 'schemas'],
      {
        Sum: { allOf: Array.from({ length: 80 }, () => ({ $ref: '#/components/schemas/a' })) },
        a: { enum: [], allOf: Array.from({ length: 80 }, () => ({})) },
      },
      '#/components/schemas/Sum',
      'the schema must have at most 5000 parts',
    ],
  ])('refuses a document that %s', (_, path, value, pointer, rule) => {
    const [found, message] = faultOf(changed(document, path, value))
    expect(found).toBe(pointer)
    expect(message).toContain(rule)
  })

  it('refuses operations whose requests cannot be distinguished', () => {
    const twice = { sum: document.operations.sum, other: document.operations.sum }
    expect(faultOf(changed(document, ['operations'], twice))).toEqual([
      '#/operations/other/channel',
      'its requests cannot be distinguished from those of sum: both have the topics sum/+',
    ])
  })

  it.each<[string, readonly string[], unknown, string]>([
    ['no reply', ['operations', 'sum', 'reply'], undefined, 'it has no reply: it is not a request'],
    ['no address', ['channels', 'sum', 'address'], null, 'its channel has no address'],
    ['an address that is no topic', ['channels', 'sum', 'address'], 'a/#', 'a/#'],
    ['no message', ['channels', 'result', 'messages'], {}, 'it has no message'],
    ['no reply channel', ['operations', 'sum', 'reply'], {}, 'it has no message'],
    ['no request message', ['operations', 'sum', 'messages'], [], 'it has no message'],
    [
      'a schema in another format',
      ['components', 'messages', 'request', 'payload', 'schemaFormat'],
      'application/vnd.apache.avro;version=1.9.0',
      'its schema is in the format application/vnd.apache.avro;version=1.9.0',
    ],
    [
      'another content type',
      ['components', 'messages', 'request', 'contentType'],
      'image/png',
      'its content type is image/png',
    ],
    ['a schema that is invalid', payload, { type: 'nonsense' }, 'schema is invalid'],
  ])('lists an operation with %s as unsupported', (_, path, value, reason) => {
    const { endpoints, unsupported } = fromAsyncApi(changed(document, path, value))
    expect(endpoints).toEqual({})
    expect(unsupported).toEqual([
      { pointer: '#/operations/sum', reason: expect.stringContaining(reason) as string },
    ])
  })

  it('matches patterns in linear time', () => {
    const faulty = changed(document, payload, { type: 'object', properties: { a: { pattern: '^(a+)+$' } } })
    const { request } = fromAsyncApi(faulty).endpoints['sum'] ?? {}
    const hostile = new TextEncoder().encode(JSON.stringify({ a: `${'a'.repeat(50_000)}!` }))
    expect(request?.decode(hostile)).toMatchObject({ left: { issues: [{ path: '$.a' }] } })
  })

  it('matches each property by its own pattern', () => {
    const properties = { a: { pattern: '^a$' }, b: { pattern: '^b$' } }
    const { request } =
      fromAsyncApi(changed(document, payload, { type: 'object', properties })).endpoints['sum'] ?? {}
    const decode = (value: unknown): unknown =>
      request?.decode(new TextEncoder().encode(JSON.stringify(value)))
    expect(decode({ a: 'a', b: 'b' })).toMatchObject({ right: {} })
    expect(decode({ a: 'a', b: 'a' })).toMatchObject({ left: { issues: [{ path: '$.b' }] } })
  })

  it('does not take a property of a prototype for one of the payload', () => {
    const { request } =
      fromAsyncApi(changed(document, payload, { type: 'object', required: ['toString'] })).endpoints['sum'] ??
      {}
    expect(request?.decode(new TextEncoder().encode('{}'))).toMatchObject({
      left: { issues: [{ path: '$.toString', message: 'is missing' }] },
    })
  })

  it('throws nothing but a DocumentError, whatever the document is', () => {
    const paths = [
      ['channels', 'sum'],
      ['operations', 'sum'],
      ['components', 'messages', 'request'],
      payload,
      [],
    ]
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        faultOf(changed(document, path, value))
      }),
      runs,
    )
  })
})
