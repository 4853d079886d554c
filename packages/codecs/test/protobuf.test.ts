import { create, createFileRegistry, equals, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import type { DescMessage, JsonValue, MessageShape } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as FieldType,
  FileDescriptorProtoSchema,
  StructSchema,
  TimestampSchema,
  timestampFromDate,
  ValueSchema,
} from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { right } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { protobuf } from '../src/protobuf.js'
import { describeLaws, hex, join, issueOf } from './laws.js'

/** The schema of `message Node { Node child = 1; string label = 2; bytes data = 3; int64 id = 4; }`, built without `protoc`. */
const nodeSchema: DescMessage = (() => {
  const field = (name: string, number: number, type: FieldType, typeName = '') => ({
    name,
    number,
    type,
    label: Label.OPTIONAL,
    typeName,
    jsonName: name,
  })
  const file = create(FileDescriptorProtoSchema, {
    name: 'node.proto',
    package: 'test',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Node',
        field: [
          field('child', 1, FieldType.MESSAGE, '.test.Node'),
          field('label', 2, FieldType.STRING),
          field('data', 3, FieldType.BYTES),
          field('id', 4, FieldType.INT64),
        ],
      },
    ],
  })
  const schema = createFileRegistry(file, () => undefined).getMessage('test.Node')
  if (schema === undefined) throw new Error('the descriptor does not contain test.Node')
  return schema
})()

const sameMessage =
  <Desc extends DescMessage>(schema: Desc) =>
  (left: MessageShape<Desc>, right: MessageShape<Desc>) =>
    equals(schema, left, right)

const varint = (value: number): readonly number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]

/** Encodes a message nested `depth` levels deep. */
const nested = (depth: number): Uint8Array => {
  const heads: Uint8Array[] = []
  let length = 0
  for (let level = 1; level < depth; level += 1) {
    const head = Uint8Array.from([0x0a, ...varint(length)])
    length += head.length
    heads.push(head)
  }
  return join(...heads.reverse())
}

describeLaws('protobuf of a timestamp', protobuf(TimestampSchema), {
  arbitrary: fc.date({ noInvalidDate: true }).map(timestampFromDate),
  equals: sameMessage(TimestampSchema),
  maximumBytes: 1_048_576,
})
describeLaws('protobuf of a struct', protobuf(StructSchema, { maximumBytes: 50_000 }), {
  arbitrary: fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4 })
    .filter((record) => !JSON.stringify(record).includes('__proto__'))
    .map((record) => fromJson(StructSchema, record as JsonValue)),
  equals: sameMessage(StructSchema),
  maximumBytes: 50_000,
})
describeLaws('protobuf of a recursive schema', protobuf(nodeSchema, { maximumDepth: 30 }), {
  arbitrary: fc
    .record({
      label: fc.string({ unit: 'grapheme' }),
      data: fc.uint8Array(),
      id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    })
    .map((init) => create(nodeSchema, { ...init, child: create(nodeSchema, init) })),
  equals: sameMessage(nodeSchema),
  maximumBytes: 1_048_576,
  nesting: { maximumDepth: 30, payload: nested },
})

describe('protobuf', () => {
  const timestamp = protobuf(TimestampSchema)
  const struct = protobuf(StructSchema)

  it('encodes and decodes the bytes of other Protobuf implementations', () => {
    expect(timestamp.encode(create(TimestampSchema, { seconds: 150n, nanos: 1 }))).toEqual(
      hex('08 9601 10 01'),
    )
    expect(timestamp.decode(hex('08 9601 10 01'))).toEqual(
      right(create(TimestampSchema, { seconds: 150n, nanos: 1 })),
    )
  })

  it('keeps unknown Protobuf fields', () => {
    const decoded = timestamp.decode(hex('08 01 1a 01 ff'))
    expect(decoded).toMatchObject({ right: { seconds: 1n } })
    if (decoded._tag === 'Right') expect(timestamp.encode(decoded.right)).toEqual(hex('08 01 1a 01 ff'))
  })

  it.each([
    ['00', /tag/],
    ['08', /EOF/],
    ['0a ffffffff0f', /./],
    ['12 05 00', /./],
    ['0b', /./],
  ])('rejects the Protobuf payload %s', (payload, reason) => {
    expect(issueOf(struct, hex(payload))).toMatch(reason)
  })

  it('rejects a huge declared length and a string that is not UTF-8 in Protobuf', () => {
    expect(issueOf(protobuf(nodeSchema), hex('1a ffffffff07'))).toMatch(/EOF/)
    expect(issueOf(protobuf(nodeSchema), hex('12 01 ff'))).toMatch(/utf-8/i)
  })

  it('rejects Protobuf nesting beyond maximumDepth, in known fields and in unknown groups', () => {
    expect(issueOf(protobuf(nodeSchema), nested(100))).toBe('it decodes')
    expect(issueOf(protobuf(nodeSchema), nested(101))).toMatch(/recursion depth of 100/)
    const groups = Uint8Array.from({ length: 100_000 }, () => 0x2b)
    expect(issueOf(protobuf(nodeSchema), groups)).toMatch(/recursion depth/)
  })

  it('rejects a Protobuf message that exceeds the depth or size limit when encoding', () => {
    const cycle = create(nodeSchema, {}) as { child?: unknown }
    cycle.child = cycle
    expect(() => protobuf(nodeSchema).encode(cycle as never)).toThrow('nested deeper than 100')
    expect(() =>
      protobuf(nodeSchema, { maximumBytes: 3 }).encode(create(nodeSchema, { label: 'ab' })),
    ).toThrow('4 bytes exceed maximumBytes 3')
    expect(() => protobuf(nodeSchema).encode(create(nodeSchema, { label: '\ud800' }))).toThrow(
      '$.label: "\\ud800"',
    )
  })

  it('rejects a message of another schema when encoding Protobuf', () => {
    expect(() => timestamp.encode({ seconds: 1n } as never)).toThrow('expected a google.protobuf.Timestamp')
    expect(() => timestamp.encode(create(ValueSchema) as never)).toThrow(
      'expected a google.protobuf.Timestamp',
    )
    expect(() => timestamp.encode(create(TimestampSchema, { seconds: 'x' as never }))).toThrow('seconds')
  })

  it('rejects a __proto__ key in Protobuf maps', () => {
    const hostile = fromJson(StructSchema, JSON.parse('{"__proto__":{"admin":true}}') as JsonValue)
    expect(() => struct.encode(hostile)).toThrow('$.fields.__proto__: this key could reach a prototype')
    expect(issueOf(struct, toBinary(StructSchema, hostile))).toContain(
      '$.fields.__proto__: this key could reach',
    )
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it('encodes and decodes a Protobuf struct', () => {
    const value = { name: 'Vienna', list: [1, null, { deep: true }] }
    const decoded = struct.decode(struct.encode(fromJson(StructSchema, value)))
    expect(decoded._tag === 'Right' && toJson(StructSchema, decoded.right)).toEqual(value)
  })

  it('accepts Protobuf content types, and a contentType option', () => {
    expect(
      ['application/protobuf', 'application/x-protobuf', 'application/vnd.google.protobuf'].every(
        struct.accepts,
      ),
    ).toBe(true)
    expect(struct.accepts('application/json')).toBe(false)
    expect(protobuf(StructSchema, { contentType: 'application/vnd.acme.v1' }).contentType).toBe(
      'application/vnd.acme.v1',
    )
  })
})
