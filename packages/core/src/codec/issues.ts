import type { Context, ContextEntry, Errors, ValidationError } from 'io-ts'
import type { DecodeIssue } from './codec.js'
import { renderValue, shorten, stepInto } from './rendering.js'

// A hostile payload may be wrong in a million places; nobody reads more than these.
const mostErrors = 256
const mostIssues = 16
const longestExpectation = 120

type Step =
  /** Into a property or an item. */
  | { readonly kind: 'key'; readonly key: string | number }
  /** Into one of the types a union offers: the same value, seen as that type. */
  | { readonly kind: 'alternative'; readonly key: string }

interface Failure {
  readonly steps: readonly Step[]
  readonly expected: string
  readonly message: string | undefined
  readonly found: unknown
}

type Described = ContextEntry['type'] & {
  readonly _tag?: string
  readonly tag?: string
  readonly type?: Described
  readonly types?: readonly Described[]
  readonly props?: Readonly<Record<string, Described>>
  readonly runDefinition?: () => Described
}

/**
 * The errors of an io-ts type as issues with the exact place of each.
 *
 * Of a union only the alternatives that came nearest are told, and what several expected at one place is told once.
 */
export function toIssues(errors: Errors): readonly [DecodeIssue, ...DecodeIssue[]] {
  const failures = nearest(errors.slice(0, mostErrors).map(toFailure), 0)
  const expectations = new Map<string, { readonly expected: Set<string>; readonly found: unknown }>()
  const told = new Map<string, DecodeIssue>()
  for (const { steps, expected, message, found } of failures) {
    const path = pathOf(steps)
    if (message !== undefined) {
      told.set(`${path}\n${message}`, { path, message })
      continue
    }
    const known = expectations.get(path) ?? { expected: new Set(), found }
    known.expected.add(expected)
    expectations.set(path, known)
    const wanted = shorten([...known.expected].join(' | '), longestExpectation)
    told.set(path, { path, message: `expected ${wanted}, found ${renderValue(known.found)}` })
  }
  const [first, ...others] = told.values()
  return first === undefined
    ? [{ path: '$', message: 'refused' }]
    : [first, ...others.slice(0, mostIssues - 1)]
}

function toFailure({ context, message, value }: ValidationError): Failure {
  const steps = stepsOf(context)
  const type = context.at(-1)?.type
  const expected = type?.name ?? 'something else'
  const union = type && unwrap(type)
  if (union?.tag === undefined || typeof value !== 'object' || value === null) {
    return { steps, expected, message, found: value }
  }
  // A tagged union looks at the tag alone and reports itself as a whole.
  const found = (value as Readonly<Record<string, unknown>>)[union.tag]
  return {
    steps: [...steps, { kind: 'key', key: union.tag }],
    expected: tagsOf(union, union.tag) ?? `a tag of ${expected}`,
    message,
    found,
  }
}

function tagsOf({ types = [] }: Described, tag: string): string | undefined {
  const names = types.map((type) => unwrap(type).props?.[tag]?.name)
  return names.includes(undefined) ? undefined : names.join(' | ')
}

function stepsOf(context: Context): readonly Step[] {
  const steps: Step[] = []
  for (let index = 1; index < context.length; index += 1) {
    const parent = context[index - 1]
    const entry = context[index]
    if (parent === undefined || entry === undefined) break
    // Unions and intersections pass on the very value they were given; its properties and items are other values.
    if (!Object.is(parent.actual, entry.actual)) {
      const isIndex = Array.isArray(parent.actual) && /^\d+$/.test(entry.key)
      steps.push({ kind: 'key', key: isIndex ? Number(entry.key) : entry.key })
    } else if (unwrap(parent.type)._tag === 'UnionType') {
      steps.push({ kind: 'alternative', key: entry.key })
    }
  }
  return steps
}

/** The type under refinements, `readonly`, `exact` and recursion. */
function unwrap(type: Described): Described {
  switch (type._tag) {
    case 'RefinementType':
    case 'ReadonlyType':
    case 'ExactType':
      return type.type === undefined ? type : unwrap(type.type)
    case 'RecursiveType':
      return type.runDefinition === undefined ? type : unwrap(type.runDefinition())
    default:
      return type
  }
}

/** The failures that tell most: at each union those of the alternatives that the value resembles most. */
function nearest(failures: readonly Failure[], level: number): readonly Failure[] {
  const groups = new Map<string, Failure[]>()
  for (const failure of failures) {
    const step = failure.steps[level]
    const name = step === undefined ? '' : `${step.kind} ${step.key}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [failure])
    else group.push(failure)
  }
  const kept: Failure[] = []
  const alternatives: (readonly Failure[])[] = []
  for (const [name, group] of groups) {
    if (name === '') kept.push(...group)
    else if (name.startsWith('key ')) kept.push(...nearest(group, level + 1))
    else alternatives.push(nearest(group, level + 1))
  }
  return [...kept, ...nearestAlternatives(alternatives, level)]
}

function nearestAlternatives(
  alternatives: readonly (readonly Failure[])[],
  level: number,
): readonly Failure[] {
  // Who failed at a property had at least the right shape.
  const shaped = alternatives.filter((group) => group.every(({ steps }) => steps.slice(level).some(isKey)))
  const candidates = shaped.length > 0 ? shaped : alternatives
  const fewest = Math.min(...candidates.map((group) => group.length))
  return candidates.filter((group) => group.length === fewest).flat()
}

function isKey({ kind }: Step): boolean {
  return kind === 'key'
}

function pathOf(steps: readonly Step[]): string {
  return steps.reduce((path, step) => (step.kind === 'key' ? stepInto(path, step.key) : path), '$')
}
