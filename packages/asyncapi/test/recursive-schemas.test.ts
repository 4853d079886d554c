import {
  diff,
  DocumentError,
  fromAsyncApi,
  generateTypes,
  toAsyncApi,
  type JsonObject,
} from '@antiphon/asyncapi'
import { endpoint, json } from '@antiphon/core'
import { Parser } from '@asyncapi/parser'
import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { seededRandom } from '../src/random.js'
import { generateValue } from '../src/generate-value.js'
import { changed, reread } from './fixtures.js'

const info = { title: 'Trees', version: '1.0.0' }

interface Tree {
  readonly label: string
  readonly children: readonly Tree[]
}
const Tree: t.Type<Tree> = t.recursion('Tree', () =>
  t.type({ label: t.string, children: t.readonlyArray(Tree) }),
)

interface Folder {
  readonly files: readonly File[]
}
interface File {
  readonly name: string
  readonly in?: Folder
}
const Folder: t.Type<Folder> = t.recursion('Folder', () => t.type({ files: t.readonlyArray(File) }))
const File: t.Type<File> = t.recursion('File', () =>
  t.intersection([t.type({ name: t.string }), t.partial({ in: Folder })]),
)

const Category = z.object({
  name: z.string(),
  get subcategories() {
    return z.array(Category)
  },
})
const Value = z.lazy(() => z.union([z.string(), z.number(), z.array(Value)])) as z.ZodType<unknown>

const endpoints = {
  trees: endpoint({
    topic: 'trees',
    request: json(t.type({ left: Tree, right: t.union([Tree, t.null]) })),
    response: json(Tree),
  }),
  folders: endpoint({
    topic: 'folders',
    request: json(t.type({ file: File, folder: Folder })),
    response: json(Folder),
  }),
  categories: endpoint({
    topic: 'categories',
    request: json(Category),
    response: json(z.object({ all: z.array(Category) })),
  }),
  values: endpoint({
    topic: 'values',
    request: json(Value as never),
    response: json(z.object({ value: Value }) as never),
  }),
}
const document = toAsyncApi(endpoints, info)

describe('contracts with recursive schemas', () => {
  it('writes recursive types as references to components', async () => {
    const { components } = document as { readonly components: { readonly schemas: JsonObject } }
    expect(components.schemas).toMatchObject({
      Tree: {
        properties: { children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } },
        required: ['label', 'children'],
      },
    })
    expect(document).toMatchObject({
      channels: {
        treesResponse: { messages: { response: { payload: { $ref: '#/components/schemas/Tree' } } } },
      },
    })
    const { diagnostics } = await new Parser().parse(JSON.stringify(document))
    expect(diagnostics.filter(({ severity }) => Number(severity) === 0)).toEqual([])
  })

  it('reads them again, and writes the same bytes', () => {
    const { endpoints: read, unsupported } = fromAsyncApi(reread(document))
    expect(unsupported).toEqual([])
    expect(JSON.stringify(toAsyncApi(read, info))).toBe(JSON.stringify(document))
  })

  it('validates values as deep as they are', () => {
    const { endpoints: read } = fromAsyncApi(reread(document))
    const { request } = read['categories'] ?? {}
    const nested = (depth: number, name: unknown): unknown =>
      Array.from({ length: depth }).reduce<unknown>((inner) => ({ name: 'a', subcategories: [inner] }), {
        name,
        subcategories: [],
      })
    const payload = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
    expect(isRight(request?.decode(payload(nested(40, 'x'))) as never)).toBe(true)
    expect(request?.decode(payload(nested(2, 1)))).toMatchObject({
      left: { issues: [{ path: '$.subcategories[0].subcategories[0].name' }] },
    })
  })

  it('generates values and types of recursive schemas', async () => {
    const random = seededRandom(1)
    const { endpoints: read } = fromAsyncApi(reread(document))
    for (const { request, response } of Object.values(read))
      for (const codec of [request, response])
        for (let index = 0; index < 20; index += 1) {
          const { jsonSchema } = (
            codec.schema as never as { '~standard': { jsonSchema: { input: () => JsonObject } } }
          )['~standard']
          const value = generateValue(jsonSchema.input(), random)
          expect(isRight(codec.decode(codec.encode(value)))).toBe(true)
        }
    const module = await generateTypes(reread(document))
    expect(module).toMatch(/export interface Tree \{\s+label: string\s+children: Tree\[\]/)
  })

  it('compares recursive schemas, whatever their names', () => {
    const renamed: unknown = JSON.parse(
      JSON.stringify(document).replaceAll('schemas/Tree', 'schemas/Wood').replace('"Tree":', '"Wood":'),
    )
    expect(diff(document, renamed)).toEqual({ level: 'same', changes: [] })
    const stricter = changed(
      reread(document),
      ['components', 'schemas', 'Tree', 'required'],
      ['label', 'children', 'age'],
    )
    expect(diff(document, stricter).changes).toContainEqual({
      level: 'breaking',
      path: 'trees request $.left.age',
      text: 'the property is required: requests that were valid are refused',
    })
  })

  it('tells recursive types of equal names apart, and writes equal ones once', () => {
    const other: t.Mixed = t.recursion('Tree', () => t.type({ more: t.array(other) }))
    const same: t.Mixed = t.recursion('Tree', () =>
      t.type({ label: t.string, children: t.readonlyArray(same) }),
    )
    const both = toAsyncApi(
      {
        a: endpoint({ topic: 'a', request: json(Tree), response: json(same) }),
        b: endpoint({ topic: 'b', request: json(other), response: json(t.tuple([other, Tree])) }),
      },
      info,
    )
    const { schemas } = (both as { readonly components: { readonly schemas: JsonObject } }).components
    expect(Object.keys(schemas)).toContain('Tree2')
    const { endpoints: read } = fromAsyncApi(reread(both))
    expect(JSON.stringify(toAsyncApi(read, info))).toBe(JSON.stringify(both))
  })

  const withSchema = (schema: unknown): unknown =>
    changed(reread(document), ['components', 'schemas', 'Tree'], schema)
  const self = { $ref: '#/components/schemas/Tree' }

  it.each([
    ['to itself', self],
    ['to itself in allOf', { allOf: [{ type: 'object' }, self] }],
    ['to itself in not', { not: self }],
    ['to itself for names', { propertyNames: self }],
  ])('refuses a schema that refers %s for the same value', (_, schema) => {
    const read = (): unknown => fromAsyncApi(withSchema(schema))
    expect(read).toThrow(DocumentError)
    expect(read).toThrow('refers to itself for the same value, which no validation would end')
  })

  it('stops to validate a value for which a recursive schema would take exponential time', () => {
    const branch = { type: 'object', properties: { a: self }, required: ['a'] }
    const { endpoints: read } = fromAsyncApi(withSchema({ anyOf: [branch, branch, { const: 'leaf' }] }))
    const deep = Array.from({ length: 60 }).reduce<unknown>((inner) => ({ a: inner }), 'other')
    const decoded = read['trees']?.response.decode(new TextEncoder().encode(JSON.stringify(deep)))
    expect(decoded).toMatchObject({
      left: { issues: [{ path: '$', message: 'needs more than 100000 steps of the recursive schema' }] },
    })
    const short = new TextEncoder().encode(JSON.stringify({ a: 'leaf' }))
    expect(isRight(read['trees']?.response.decode(short) as never)).toBe(true)
  })
})
