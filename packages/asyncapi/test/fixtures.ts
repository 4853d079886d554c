import { json, endpoint, type Endpoint } from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import type { Json } from '@antiphon/asyncapi'
import * as fc from 'fast-check'
import * as t from 'io-ts'

/** The number of runs of a property; the nightly run sets more. */
export const runs = { numRuns: Number(process.env['ANTIPHON_FC_RUNS'] ?? 100) }

/** Returns what a document is after it was written to a file and read again. */
export const reread = (document: unknown): Json => JSON.parse(JSON.stringify(document)) as Json

/** A document that can be changed at a path. */
export const changed = (document: unknown, path: readonly string[], value: unknown): unknown => {
  const [step, ...rest] = path
  if (step === undefined) return value
  const parent = (document ?? {}) as Readonly<Record<string, unknown>>
  const part = changed(parent[step], rest, value)
  if (Array.isArray(document))
    return document.map((item: unknown, index) => (String(index) === step ? part : item))
  return { ...parent, [step]: part }
}

/** Generates io-ts types that JSON Schema describes completely. */
export const types: fc.Arbitrary<t.Mixed> = fc.letrec<{ type: t.Mixed }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<t.Mixed>(t.string, t.number, t.boolean, t.null, t.Int, t.literal('a'), t.literal(1)),
    fc.constant<t.Mixed>(t.keyof({ red: null, green: null })),
    tie('type').map((item) => t.array(item)),
    fc.tuple(tie('type'), tie('type')).map((members) => t.tuple(members)),
    fc.tuple(tie('type'), tie('type')).map((members) => t.union(members)),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('type'), { maxKeys: 3 }).map((props) => t.type(props)),
    fc.dictionary(fc.constantFrom('d', 'e'), tie('type'), { maxKeys: 2 }).map((props) => t.partial(props)),
    tie('type').map((item) => t.record(t.string, item)),
    fc.tuple(tie('type'), fc.constantFrom('List', 'Chain')).map(([item, name]) => {
      const list: t.Mixed = t.recursion(name, () => t.type({ item, next: t.union([t.null, list]) }))
      return list
    }),
  ),
})).type

/** Generates contracts: the endpoints of a module. */
export const contracts: fc.Arbitrary<Readonly<Record<string, Endpoint>>> = fc
  .array(fc.tuple(types, types, fc.constantFrom('one', 'many'), fc.boolean(), fc.boolean()), {
    minLength: 1,
    maxLength: 4,
  })
  .map((contract) =>
    Object.fromEntries(
      contract.map(([request, response, responses, hasTopic, isStream], index) => [
        `operation${index}`,
        (isStream ? requestStreamEndpoint : endpoint)({
          topic: `topic${index}/{a}`,
          request: json(request),
          response: json(response),
          responses,
          ...(hasTopic ? { responseTopic: `topic${index}/{a}/response` } : {}),
        }) as Endpoint,
      ]),
    ),
  )
