import { canonical, isObject, type Json, type JsonObject } from './json.js'
import { unionOf, type SchemaChange } from './schema-change.js'

/** Keywords that say nothing about which values are valid. */
const annotations = [
  '$comment',
  'default',
  'deprecated',
  'description',
  'examples',
  'format',
  'readOnly',
  'title',
  'writeOnly',
]
/** Bounds of which a higher value accepts fewer values. */
const lowerBounds = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']
/** Bounds of which a lower value accepts fewer values. */
const upperBounds = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']
const structural = [
  'additionalProperties',
  'allOf',
  'anyOf',
  'const',
  'enum',
  'items',
  'oneOf',
  'properties',
  'required',
  'type',
]
const allTypes = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']

/**
 * Returns how the second schema differs from the first, each change with the path of the value.
 *
 * A schema that accepts fewer values is `narrower`, one that accepts more is `wider`; a change that is neither for certain is
 * `other`.
 */
export function compareSchemas(before: Json, after: Json, path = '$'): readonly SchemaChange[] {
  if (canonical(before) === canonical(after)) return []
  if (!isObject(before) || !isObject(after)) {
    const kind =
      before === false || after === true ? 'wider' : after === false || before === true ? 'narrower' : 'other'
    return [{ path, kind, text: 'the schema is another' }]
  }
  return [
    ...compareValues(before, after, path),
    ...compareBounds(before, after, path),
    ...compareProperties(before, after, path),
    ...compareAdditional(before, after, path),
    ...compareItems(before, after, path),
    ...(['anyOf', 'oneOf'] as const).flatMap((keyword) => compareUnion(before, after, keyword, path)),
    ...compareAll(before, after, path),
    ...compareOthers(before, after, path),
  ]
}

/** Compares `type`, `enum` and `const`. */
function compareValues(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const [typesBefore, typesAfter] = [typesOf(before), typesOf(after)]
  const [valuesBefore, valuesAfter] = [valuesOf(before), valuesOf(after)]
  return [
    ...typesBefore
      .filter((type) => !includesType(typesAfter, type))
      .map((type): SchemaChange => ({
        path,
        kind: 'narrower',
        text: `the type ${type} is no longer allowed`,
      })),
    ...typesAfter
      .filter((type) => !includesType(typesBefore, type))
      .map((type): SchemaChange => ({ path, kind: 'wider', text: `the type ${type} is allowed` })),
    ...compareSets(valuesBefore, valuesAfter, path),
  ]
}

function typesOf({ type }: JsonObject): readonly string[] {
  if (typeof type === 'string') return [type]
  return Array.isArray(type) ? type.map(String) : allTypes
}

function includesType(types: readonly string[], type: string): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'))
}

function valuesOf(schema: JsonObject): readonly string[] | undefined {
  const { enum: values } = schema
  if (Array.isArray(values)) return values.map(canonical)
  return schema['const'] === undefined ? undefined : [canonical(schema['const'])]
}

function compareSets(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
  path: string,
): readonly SchemaChange[] {
  if (before === undefined && after === undefined) return []
  if (before === undefined) return [{ path, kind: 'narrower', text: 'only some values are allowed' }]
  if (after === undefined) return [{ path, kind: 'wider', text: 'any value of the type is allowed' }]
  return [
    ...before
      .filter((value) => !after.includes(value))
      .map((value): SchemaChange => ({
        path,
        kind: 'narrower',
        text: `the value ${value} is no longer allowed`,
      })),
    ...after
      .filter((value) => !before.includes(value))
      .map((value): SchemaChange => ({ path, kind: 'wider', text: `the value ${value} is allowed` })),
  ]
}

function compareBounds(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const compare = (keyword: string, isLower: boolean): readonly SchemaChange[] => {
    const [one, other] = [before[keyword], after[keyword]]
    if (one === other) return []
    const text = `${keyword} is ${shown(other)}, was ${shown(one)}`
    const open = isLower ? -Infinity : Infinity
    const [from, to] = [numberOr(one, open), numberOr(other, open)]
    return [{ path, kind: (isLower ? to > from : to < from) ? 'narrower' : 'wider', text }]
  }
  return [
    ...lowerBounds.flatMap((keyword) => compare(keyword, true)),
    ...upperBounds.flatMap((keyword) => compare(keyword, false)),
  ]
}

function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'not set' : canonical(value)
}

/** Compares the named properties and which of them are required. */
function compareProperties(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const [propertiesBefore, propertiesAfter] = [objectOf(before, 'properties'), objectOf(after, 'properties')]
  const [requiredBefore, requiredAfter] = [namesOf(before), namesOf(after)]
  return unionOf(
    Object.keys(propertiesBefore),
    Object.keys(propertiesAfter),
    requiredBefore,
    requiredAfter,
  ).flatMap((name): readonly SchemaChange[] => {
    const place = `${path}.${name}`
    const [one, other] = [ownOf(propertiesBefore, name), ownOf(propertiesAfter, name)]
    const isRequired = requiredAfter.includes(name)
    const wasRequired = requiredBefore.includes(name)
    if (one === undefined && other !== undefined) {
      return [
        {
          path: place,
          kind: isRequired ? 'narrower' : 'added',
          text: `the ${isRequired ? 'required ' : ''}property is new`,
        },
      ]
    }
    if (one !== undefined && other === undefined) {
      const isRefused = after['additionalProperties'] === false
      return [{ path: place, kind: isRefused ? 'other' : 'removed', text: 'the property is gone' }]
    }
    return [
      ...(isRequired === wasRequired
        ? []
        : [
            {
              path: place,
              kind: isRequired ? 'narrower' : 'wider',
              text: `the property is ${isRequired ? 'required' : 'no longer required'}`,
            } as const,
          ]),
      ...(one === undefined || other === undefined ? [] : compareSchemas(one, other, place)),
    ]
  })
}

function objectOf(schema: JsonObject, keyword: string): JsonObject {
  const value = schema[keyword]
  return isObject(value) ? value : {}
}

function namesOf({ required }: JsonObject): readonly string[] {
  return Array.isArray(required) ? required.map(String) : []
}

function ownOf(properties: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}

function compareAdditional(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const [one, other] = [before['additionalProperties'] ?? true, after['additionalProperties'] ?? true]
  if (canonical(one) === canonical(other)) return []
  if (other === false)
    return [{ path, kind: 'narrower', text: 'additional properties are no longer allowed' }]
  if (one === false) return [{ path, kind: 'wider', text: 'additional properties are allowed' }]
  return compareSchemas(one, other, `${path}.*`)
}

function compareItems(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const [one, other] = [before['items'] ?? true, after['items'] ?? true]
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
    return one.flatMap((item: Json, index) => compareSchemas(item, other[index] as Json, `${path}[${index}]`))
  }
  return compareSchemas(one, other, `${path}[*]`)
}

/** Compares members by their text; one member that differs on each side is taken for the same one. */
function compareUnion(
  before: JsonObject,
  after: JsonObject,
  keyword: 'anyOf' | 'oneOf',
  path: string,
): readonly SchemaChange[] {
  const [one, other] = [before[keyword], after[keyword]]
  if (one === undefined && other === undefined) return []
  if (!Array.isArray(one))
    return [{ path, kind: 'narrower', text: `only some alternatives are allowed (${keyword})` }]
  if (!Array.isArray(other))
    return [{ path, kind: 'wider', text: `the alternatives are no longer limited (${keyword})` }]
  const texts = { before: one.map(canonical), after: other.map(canonical) }
  const gone = one.filter((member: Json) => !texts.after.includes(canonical(member))) as readonly Json[]
  const added = other.filter((member: Json) => !texts.before.includes(canonical(member))) as readonly Json[]
  if (gone.length === 1 && added.length === 1) return compareSchemas(gone[0] as Json, added[0] as Json, path)
  return [
    ...gone.map((): SchemaChange => ({
      path,
      kind: 'narrower',
      text: `an alternative is gone (${keyword})`,
    })),
    ...added.map((): SchemaChange => ({ path, kind: 'wider', text: `an alternative is new (${keyword})` })),
  ]
}

function compareAll(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const [one, other] = [before['allOf'] ?? [], after['allOf'] ?? []]
  if (!Array.isArray(one) || !Array.isArray(other)) return []
  if (one.length === other.length) {
    return one.flatMap((member: Json, index) => compareSchemas(member, other[index] as Json, path))
  }
  const kind = other.length > one.length ? 'narrower' : 'wider'
  return [{ path, kind, text: `allOf has ${other.length} parts, had ${one.length}` }]
}

/** Reports the keywords whose effect is not compared, such as `pattern` and `not`. */
function compareOthers(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const known = [...annotations, ...structural, ...lowerBounds, ...upperBounds]
  return unionOf(Object.keys(before), Object.keys(after))
    .filter((keyword) => !known.includes(keyword))
    .filter((keyword) => shown(before[keyword]) !== shown(after[keyword]))
    .map((keyword): SchemaChange => {
      const text = `${keyword} is ${shown(after[keyword])}, was ${shown(before[keyword])}`
      const kind =
        before[keyword] === undefined ? 'narrower' : after[keyword] === undefined ? 'wider' : 'other'
      return { path, kind, text }
    })
}
