import { fromAsyncApi, toAsyncApi } from '@antiphon/asyncapi'
import { cbor } from '@antiphon/codecs/cbor'
import { endpoint, json, text } from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { Parser } from '@asyncapi/parser'
import { right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import * as endpoints from './endpoints.js'
import { contracts, reread, runs } from './fixtures.js'

const info = { title: 'Car', version: '1.0.0', description: 'A car' }
const codecs = { 'application/cbor': cbor }

describe('toAsyncApi', () => {
  it('returns a document that the parser of AsyncAPI accepts without a diagnostic', async () => {
    const { diagnostics } = await new Parser().parse(JSON.stringify(toAsyncApi(endpoints, info)))
    expect(diagnostics).toEqual([])
  })

  it('describes topics, parameters and the reply', () => {
    const document = toAsyncApi(endpoints, info)
    expect(document).toMatchObject({
      asyncapi: '3.1.0',
      info,
      channels: {
        unlock: { address: 'vehicles/{vin}/unlock', parameters: { vin: {} } },
        unlockResponse: { address: 'vehicles/{vin}/unlocked' },
        history: {
          address: 'vehicles/history/{path}',
          parameters: { path: { 'x-antiphon': { levels: 'many' } } },
        },
        historyResponse: { address: null },
      },
      operations: {
        history: {
          action: 'receive',
          channel: { $ref: '#/channels/history' },
          reply: { address: { location: '$message.header#/responseTopic' } },
          bindings: { mqtt: { qos: 1, bindingVersion: '0.2.0' } },
          'x-antiphon': { name: 'history of a car', responses: 'many', acceptsNotifications: true },
        },
        unlock: {
          'x-antiphon': {
            correlation: { payloadField: 'id' },
            cancel: 'local',
            responseFilter: 'vehicles/+/unlocked',
          },
        },
      },
    })
  })

  it('describes a message for each format of a codec', () => {
    const { channels } = toAsyncApi({ history: endpoints.history }, info) as never as {
      readonly channels: Readonly<Record<string, { readonly messages: object }>>
    }
    expect(channels['history']?.messages).toMatchObject({
      request: { contentType: 'application/json', bindings: { mqtt: { payloadFormatIndicator: 1 } } },
      request2: { contentType: 'application/cbor', bindings: { mqtt: { payloadFormatIndicator: 0 } } },
    })
  })

  it('refers to schemas that repeat by their names', () => {
    const Point = t.type({ x: t.number }, 'Point')
    const Other = t.type({ x: t.string }, 'Point')
    const document = toAsyncApi(
      {
        a: endpoint({ topic: 'a', request: json(t.array(Point)), response: json(Point) }),
        b: endpoint({
          topic: 'b',
          request: json(t.tuple([Other, Other])),
          response: json(t.type({ y: Point })),
        }),
      },
      info,
    )
    expect(
      Object.keys((document as { readonly components: { readonly schemas: object } }).components.schemas),
    ).toEqual(['Point', 'Point2'])
    expect(document).toMatchObject({
      channels: {
        aResponse: { messages: { response: { payload: { $ref: '#/components/schemas/Point' } } } },
      },
    })
  })

  it.each<[string, t.Mixed, object]>([
    ['literals', t.union([t.literal('a'), t.literal(1)]), { enum: ['a', 1] }],
    ['a union of one', t.union([t.string, t.undefined]), { type: 'string' }],
    ['whole numbers', t.Int, { type: 'integer' }],
    [
      'refinements',
      t.refinement(t.string, () => true, 'Short'),
      { type: 'string', 'x-antiphon': { refinement: 'Short' } },
    ],
    [
      'records with names',
      t.record(t.keyof({ a: null }), t.number),
      {
        type: 'object',
        propertyNames: { type: 'string', enum: ['a'] },
        additionalProperties: { type: 'number' },
      },
    ],
    [
      'any record and array',
      t.tuple([t.UnknownRecord, t.UnknownArray, t.unknown]),
      {
        items: [{ type: 'object' }, { type: 'array' }, {}],
        minItems: 3,
        maxItems: 3,
        additionalItems: false,
      },
    ],
    [
      'optional properties',
      t.partial({ a: t.string }),
      { type: 'object', properties: { a: { type: 'string' } } },
    ],
    ['wrappers', t.readonly(t.exact(t.type({ a: t.null }))), { type: 'object', required: ['a'] }],
    [
      'types with own code',
      t.type({ d: new t.Type('Hex', t.number.is, () => right(1), String) }),
      { properties: { d: { 'x-antiphon': { type: 'Hex' } } } },
    ],
  ])('describes io-ts types: %s', (_, type, schema) => {
    const document = toAsyncApi({ a: endpoint({ topic: 'a', request: json(type), response: text }) }, info)
    expect(document).toMatchObject({ channels: { a: { messages: { request: { payload: schema } } } } })
  })

  it('notes the library of a schema that JSON Schema does not describe', () => {
    const noted = (vendor: string) => ({
      channels: { a: { messages: { request: { payload: { 'x-antiphon': { type: vendor } } } } } },
    })
    const documentOf = (request: ReturnType<typeof json.unchecked>) =>
      toAsyncApi({ a: endpoint({ topic: 'a', request, response: text }) }, info)
    expect(documentOf(json(v.string()) as never)).toMatchObject(noted('valibot'))
    expect(documentOf(json(z.bigint()) as never)).toMatchObject(noted('zod'))
    expect(documentOf(mapCodec(text, { encode: String, decode: right }) as never)).toMatchObject(
      noted('unknown'),
    )
  })

  it('rejects a type without end, a module without endpoints, and endpoints with the same topics', () => {
    // A type that refers to itself without t.recursion.
    const Endless = t.array(t.unknown)
    Object.assign(Endless, { type: Endless })
    const endless = endpoint({ topic: 'a', request: json(Endless), response: text })
    expect(() => toAsyncApi({ endless }, info)).toThrow('write a recursive type with t.recursion')
    expect(() => toAsyncApi({ a: 1, b: null }, info)).toThrow('endpoints has no endpoint')
    const one = endpoint({ topic: 'a/{b}', request: text, response: text })
    const other = endpoint({ topic: 'a/{c}', request: text, response: text })
    expect(() => toAsyncApi({ one, other }, info)).toThrow(
      'endpoints.other: its requests cannot be distinguished from those of one: both have the topics a/+',
    )
  })
})

describe('fromAsyncApi of an exported document', () => {
  it('returns endpoints whose export is the same to the byte', () => {
    const document = JSON.stringify(toAsyncApi(endpoints, info))
    const read = fromAsyncApi(JSON.parse(document), { codecs })
    expect(read.unsupported).toEqual([])
    expect(JSON.stringify(toAsyncApi(read.endpoints, read.info))).toBe(document)
  })

  it('does so for all generated contracts', () => {
    fc.assert(
      fc.property(contracts, (contract) => {
        const document = JSON.stringify(toAsyncApi(contract, info))
        const read = fromAsyncApi(JSON.parse(document))
        expect(read.unsupported).toEqual([])
        expect(JSON.stringify(toAsyncApi(read.endpoints, read.info))).toBe(document)
      }),
      runs,
    )
  })

  it('keeps names, correlation, number of responses and cancel mode', () => {
    const { endpoints: read } = fromAsyncApi(reread(toAsyncApi(endpoints, info)), { codecs })
    for (const [name, { correlation, ...one }] of Object.entries(endpoints)) {
      expect(read[name]?.correlation.name).toBe(correlation.name)
      for (const member of ['name', 'responses', 'cancel', 'acceptsNotifications'] as const) {
        expect(read[name]?.[member]).toBe(one[member])
      }
    }
  })

  it('validates payloads as the original does', () => {
    const { endpoints: read } = fromAsyncApi(reread(toAsyncApi(endpoints, info)), { codecs })
    const payload = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
    const valid = payload({ command: { id: 'a', doors: ['front'] }, at: 1 })
    expect(read['unlock']?.request.decode(valid)).toEqual(endpoints.unlock.request.decode(valid))
    const invalid = payload({ command: { id: 'a', doors: ['front', 'top'] }, at: 1 })
    expect(read['unlock']?.request.decode(invalid)).toMatchObject({
      left: {
        issues: [{ path: '$.command.doors[1]', message: 'must be equal to one of the allowed values' }],
      },
    })
    expect(read['unlock']?.request.decode(payload({ at: 1 }))).toMatchObject({
      left: { issues: [{ path: '$.command', message: 'is missing' }] },
    })
    expect(() => read['unlock']?.request.encode({ at: 'x' })).toThrow('$.command: is missing')
  })

  it('lists operations that a document cannot carry', () => {
    const Hex = new t.Type<number, string>('Hex', t.number.is, () => right(1), String)
    const hex = endpoint({ topic: 'a', request: json(Hex), response: text })
    const read = fromAsyncApi(reread(toAsyncApi({ hex, ...endpoints }, info)))
    expect(read.unsupported).toEqual([
      {
        pointer: '#/operations/hex',
        reason: 'its payload has the type Hex, which JSON Schema does not describe',
      },
      {
        pointer: '#/operations/history',
        reason: 'its content type is application/cbor: pass a codec for it in options.codecs',
      },
    ])
  })
})
