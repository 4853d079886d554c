import { anyOf } from './any-of.js'
import { compareSchemas } from './compare-schemas.js'
import { expandRecursion } from './expand-recursion.js'
import { canonical, type Json, type JsonObject } from './json.js'
import { readOperations, type ReadMessage, type ReadOperation } from './read-operations.js'
import { unionOf, type SchemaChange } from './schema-change.js'

/** What a change means for the programs on the other side, which know the document before it. */
export type ChangeLevel = 'breaking' | 'compatible'

/** One change between two documents. */
export interface Change {
  readonly level: ChangeLevel
  /** Where it is: the operation, and the path inside its request or response, such as `unlock request $.doors`. */
  readonly path: string
  /** What changed, and why that breaks something. */
  readonly text: string
}

/** The difference of two documents. */
export interface ContractDiff {
  /** The level of the worst change; `same` if nothing changed that programs notice. */
  readonly level: ChangeLevel | 'same'
  readonly changes: readonly Change[]
}

/**
 * Compares two AsyncAPI documents by what requesters and responders notice.
 *
 * A responder must go on accepting all requests that were valid, and may send only responses that were valid: a request that
 * is narrower is breaking, and so is a response that is wider or that lacks a property. Throws a `DocumentError` if a document
 * is invalid.
 *
 * @example
 * ```ts
 * const { level, changes } = diff(published, current)
 * if (level === 'breaking') for (const { path, text } of changes) console.log(path, text)
 * ```
 */
export function diff(before: unknown, after: unknown): ContractDiff {
  const [old, current] = [operationsOf(before), operationsOf(after)]
  const changes = unionOf([...old.keys()], [...current.keys()]).flatMap((name): readonly Change[] => {
    const [one, other] = [old.get(name), current.get(name)]
    if (one === undefined) return [{ level: 'compatible', path: name, text: 'the operation is new' }]
    if (other === undefined) {
      return [{ level: 'breaking', path: name, text: 'the operation is gone: its requests get no response' }]
    }
    return compareOperations(one, other)
  })
  const isBreaking = changes.some(({ level }) => level === 'breaking')
  return { level: isBreaking ? 'breaking' : changes.length > 0 ? 'compatible' : 'same', changes }
}

function operationsOf(document: unknown): ReadonlyMap<string, ReadOperation> {
  return new Map(readOperations(document).operations.map((operation) => [operation.name, operation]))
}

function compareOperations(before: ReadOperation, after: ReadOperation): readonly Change[] {
  const { name } = before
  const moved = (
    what: string,
    one: Json | undefined,
    other: Json | undefined,
    why: string,
  ): readonly Change[] =>
    shown(one) === shown(other)
      ? []
      : [{ level: 'breaking', path: name, text: `${what} is ${shown(other)}, was ${shown(one)}: ${why}` }]
  const style = ({ request: [first], extension }: ReadOperation): Json | undefined =>
    extension?.['correlation'] ?? first?.correlationId
  const kind = ({ extension }: ReadOperation): Json => extension?.['responses'] ?? 'one'
  const requestKind = ({ extension }: ReadOperation): Json => extension?.['requests'] ?? 'one'
  return [
    ...moved('the request topic', before.address, after.address, 'requests arrive nowhere'),
    ...moved('the response topic', before.replyAddress, after.replyAddress, 'responses arrive nowhere'),
    ...moved('the correlation', style(before), style(after), 'responses match no request'),
    ...moved(
      'the number of responses',
      kind(before),
      kind(after),
      'the other side expects the former number',
    ),
    ...moved(
      'the number of items in a request',
      requestKind(before),
      requestKind(after),
      'the other side expects the former number',
    ),
    ...compareQos(before, after),
    ...compareMessages(name, 'request', before.request, after.request),
    ...compareMessages(name, 'response', before.response, after.response),
  ]
}

function compareQos({ name, qos: before }: ReadOperation, { qos: after }: ReadOperation): readonly Change[] {
  if (before === undefined || after === undefined || before === after) return []
  const text = `the QoS is ${after}, was ${before}`
  return after < before
    ? [{ level: 'breaking', path: name, text: `${text}: messages may be lost` }]
    : [{ level: 'compatible', path: name, text }]
}

type Role = 'request' | 'response'

/** Compares the messages of an operation by their content types. */
function compareMessages(
  name: string,
  role: Role,
  before: readonly ReadMessage[],
  after: readonly ReadMessage[],
): readonly Change[] {
  const [old, current] = [schemasOf(before), schemasOf(after)]
  return unionOf([...old.keys()], [...current.keys()]).flatMap((contentType): readonly Change[] => {
    const [one, other] = [old.get(contentType), current.get(contentType)]
    const path = `${name} ${role}`
    if (one === undefined)
      return [{ level: 'compatible', path, text: `the content type ${contentType} is new` }]
    if (other === undefined) {
      return [
        {
          level: 'breaking',
          path,
          text: `the content type ${contentType} is gone: the other side may use it`,
        },
      ]
    }
    return compareSchemas(one, other).map((change) => judge(path, role, change))
  })
}

function schemasOf(messages: readonly ReadMessage[]): ReadonlyMap<string, Json> {
  const schemas = new Map<string, JsonObject[]>()
  for (const { contentType, schema } of messages) {
    schemas.set(contentType, [...(schemas.get(contentType) ?? []), schema])
  }
  return new Map([...schemas].map(([contentType, all]) => [contentType, expandRecursion(anyOf(all))]))
}

const reasons: Readonly<Record<Role, Readonly<Record<SchemaChange['kind'], string | undefined>>>> = {
  request: {
    narrower: 'requests that were valid are refused',
    other: 'requests that were valid may be refused',
    wider: undefined,
    added: undefined,
    removed: undefined,
  },
  response: {
    wider: 'requesters may get a response that they refuse',
    other: 'requesters may get a response that they refuse',
    removed: 'requesters may need it',
    narrower: undefined,
    added: undefined,
  },
}

function judge(path: string, role: Role, { path: place, kind, text }: SchemaChange): Change {
  const reason = reasons[role][kind]
  return reason === undefined
    ? { level: 'compatible', path: `${path} ${place}`, text }
    : { level: 'breaking', path: `${path} ${place}`, text: `${text}: ${reason}` }
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'not set' : typeof value === 'string' ? value : canonical(value)
}
