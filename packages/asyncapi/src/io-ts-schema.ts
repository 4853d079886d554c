import { DocumentReader } from './document-reader.js'
import { canonical, isObject, unusedName, withoutUndefined, type Json, type JsonObject } from './json.js'
import { resolveOwnSchema } from './resolve-schema.js'

/** The properties that io-ts types have beyond `Type`, depending on their tag. */
interface Described {
  readonly _tag?: string
  readonly name: string
  readonly is: (value: unknown) => boolean
  readonly type?: Described
  readonly types?: readonly Described[]
  readonly props?: Readonly<Record<string, Described>>
  readonly keys?: Readonly<Record<string, unknown>>
  readonly value?: Json
  readonly domain?: Described
  readonly codomain?: Described
  readonly runDefinition?: () => Described
}

/** The key of what JSON Schema and AsyncAPI cannot say. */
export const extension = 'x-antiphon'

const maximumDepth = 100

/**
 * Returns the JSON Schema of an io-ts type. What JSON Schema cannot say is noted under `x-antiphon`. A recursive type becomes a
 * reference into the `definitions` of the schema.
 */
export function ioTsSchema(type: unknown): JsonObject {
  const recursive = new RecursiveTypes()
  const schema = convert(type as Described, 0, recursive)
  const { definitions } = recursive
  if (definitions === undefined) return schema
  const own = { ...schema, definitions }
  return resolveOwnSchema(own, new DocumentReader(own))
}

/** The recursive types inside a type, by name. */
class RecursiveTypes {
  readonly #names = new Map<Described, string>()
  readonly #schemas = new Map<string, JsonObject>()

  get definitions(): JsonObject | undefined {
    return this.#schemas.size === 0 ? undefined : Object.fromEntries(this.#schemas)
  }

  /** Returns a reference to a type, which `toSchema` converts once. */
  refer(type: Described, toSchema: () => JsonObject): JsonObject {
    let name = this.#names.get(type)
    if (name === undefined) {
      const base = /^[A-Za-z][\w.-]*$/.test(type.name) ? type.name : 'Schema'
      name = unusedName(base, [...this.#names.values()])
      this.#names.set(type, name)
      this.#schemas.set(name, toSchema())
    }
    return { $ref: `#/definitions/${name}` }
  }
}

const simple: Readonly<Record<string, JsonObject>> = {
  StringType: { type: 'string' },
  NumberType: { type: 'number' },
  BooleanType: { type: 'boolean' },
  NullType: { type: 'null' },
  UnknownType: {},
  AnyType: {},
  AnyArrayType: { type: 'array' },
  AnyDictionaryType: { type: 'object' },
}

function convert(type: Described, depth: number, recursive: RecursiveTypes): JsonObject {
  if (depth > maximumDepth) {
    throw new TypeError(
      `the io-ts type ${type.name} is nested more than ${maximumDepth} levels deep: write a recursive type with t.recursion`,
    )
  }
  const inner = (of: Described): JsonObject => convert(of, depth + 1, recursive)
  const { _tag = '', types = [], props = {} } = type
  const known = simple[_tag]
  if (known !== undefined) return known
  switch (_tag) {
    case 'LiteralType':
      return { const: type.value ?? null }
    case 'KeyofType':
      return { type: 'string', enum: Object.keys(type.keys ?? {}) }
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return type.type === undefined ? { type: 'array' } : { type: 'array', items: inner(type.type) }
    case 'TupleType':
      return {
        type: 'array',
        items: types.map(inner),
        minItems: types.length,
        maxItems: types.length,
        additionalItems: false,
      }
    case 'InterfaceType':
      return objectSchema(type, props, inner, (property) => !property.is(undefined))
    case 'PartialType':
      return objectSchema(type, props, inner, () => false)
    case 'DictionaryType':
      return withoutUndefined({
        type: 'object',
        propertyNames: type.domain && namesSchema(inner(type.domain)),
        additionalProperties: type.codomain && inner(type.codomain),
      })
    case 'UnionType':
      return unionSchema(types.filter(isDefined).map(inner))
    case 'IntersectionType':
      return { allOf: types.map(inner) }
    case 'ExactType':
    case 'ReadonlyType':
      return type.type === undefined ? noted(type) : inner(type.type)
    case 'RefinementType':
      return refinementSchema(type, inner)
    case 'RecursiveType': {
      const { runDefinition } = type
      if (runDefinition === undefined) return noted(type)
      return recursive.refer(type, () => convert(runDefinition(), 0, recursive))
    }
    default:
      return noted(type)
  }
}

function objectSchema(
  { name }: Described,
  props: Readonly<Record<string, Described>>,
  inner: (type: Described) => JsonObject,
  isRequired: (type: Described) => boolean,
): JsonObject {
  const required = Object.keys(props).filter((key) => isRequired(props[key] as Described))
  return withoutUndefined({
    // A name of its own, not the one that io-ts makes from the properties.
    title: /^[A-Za-z]\w*$/.test(name) ? name : undefined,
    type: 'object',
    properties: Object.fromEntries(Object.entries(props).map(([key, property]) => [key, inner(property)])),
    required: required.length === 0 ? undefined : required,
  })
}

/** Of a property whose value may be `undefined`, only the other types are written. */
function isDefined({ _tag }: Described): boolean {
  return _tag !== 'UndefinedType' && _tag !== 'VoidType'
}

function unionSchema(all: readonly JsonObject[]): JsonObject {
  const members = [...new Map(all.map((member) => [canonical(member), member])).values()]
  const [first] = members
  if (first !== undefined && members.length === 1) return first
  const constants = members.flatMap((member) => {
    const { const: value, ...rest } = member
    return value === undefined || Object.keys(rest).length > 0 ? [] : [value]
  })
  return constants.length === members.length ? { enum: constants } : { anyOf: members }
}

function refinementSchema(type: Described, inner: (type: Described) => JsonObject): JsonObject {
  const schema = type.type === undefined ? {} : inner(type.type)
  if (type.name === 'Int' && schema['type'] === 'number') return { type: 'integer' }
  return { ...schema, [extension]: { refinement: type.name } }
}

/** `t.record(t.string, …)` restricts no name. */
function namesSchema(schema: JsonObject): JsonObject | undefined {
  return Object.keys(schema).join() === 'type' ? undefined : schema
}

/** A type without a tag converts values by its own code: the data in the payload is not known. */
function noted({ name }: Described): JsonObject {
  return { [extension]: { type: name } }
}

/** Returns the name of a type in a schema whose values JSON Schema does not describe; `undefined` if it has none. */
export function unknownType(schema: Json): string | undefined {
  if (Array.isArray(schema)) return first(schema.map(unknownType))
  if (!isObject(schema)) return undefined
  const note = schema[extension]
  if (isObject(note) && typeof note['type'] === 'string') return note['type']
  return first(Object.values(schema).map(unknownType))
}

function first(names: readonly (string | undefined)[]): string | undefined {
  return names.find((name) => name !== undefined)
}
