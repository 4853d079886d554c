import type { DecodeIssue } from './codec.js'
import { maximumErrors, maximumExpectationLength, maximumIssues } from './issue-bounds.js'
import type { IoTsContextEntry, IoTsError } from './io-ts-type.js'
import { renderValue, shorten, appendToPath } from '../rendering.js'

/** One error of io-ts with the path of its value. */
interface Failure {
  readonly path: string
  readonly expected: string
  readonly message: string | undefined
  readonly found: unknown
}

/** A node in the tree of all errors: a value, or a member of a union tried on a value. */
interface ErrorNode {
  readonly path: string
  readonly isUnionMember: boolean
  readonly children: Map<string, ErrorNode>
  readonly failures: Failure[]
}

/** The properties that io-ts types have beyond `Type`, depending on their tag. */
type Described = IoTsContextEntry['type'] & {
  readonly _tag?: string
  readonly tag?: string
  readonly type?: Described
  readonly types?: readonly Described[]
  readonly props?: Readonly<Record<string, Described>>
  readonly runDefinition?: () => Described
}

/**
 * Turns the errors of an io-ts type into issues, each with its exact path.
 *
 * Of a union, only the members nearest to the value are reported. The expectations of several types at one path become one
 * issue. Decision 0013 compares the result with the reporters of io-ts.
 */
export function toIssues(errors: readonly IoTsError[]): readonly [DecodeIssue, ...DecodeIssue[]] {
  const root = newNode('$')
  for (const error of errors.slice(0, maximumErrors)) addError(root, error)
  const issues = new Map<string, DecodeIssue>()
  const expectations = new Map<string, { readonly names: Set<string>; readonly found: unknown }>()
  for (const { path, expected, message, found } of nearestFailures(root)) {
    if (message !== undefined) {
      issues.set(`${path}\n${message}`, { path, message })
      continue
    }
    const expectation = expectations.get(path) ?? { names: new Set(), found }
    expectations.set(path, expectation)
    const names = shorten([...expectation.names.add(expected)].join(' | '), maximumExpectationLength)
    issues.set(path, { path, message: `expected ${names}, found ${renderValue(expectation.found)}` })
  }
  const [first = { path: '$', message: 'refused' }, ...others] = issues.values()
  return [first, ...others.slice(0, maximumIssues - 1)]
}

function newNode(path: string, isUnionMember = false): ErrorNode {
  return { path, isUnionMember, children: new Map(), failures: [] }
}

function addError(root: ErrorNode, { context, message, value: found }: IoTsError): void {
  let node = root
  for (const [index, { key, actual }] of context.entries()) {
    const parent = context[index - 1]
    if (parent === undefined) continue
    // Unions and intersections pass the same value on to their members; properties and items are other values.
    if (!Object.is(parent.actual, actual)) node = propertyOf(node, key, Array.isArray(parent.actual))
    else if (unwrap(parent.type)._tag === 'UnionType') node = childOf(node, `member ${key}`, node.path, true)
  }
  const type = context.at(-1)?.type
  const union = type && unwrap(type)
  const expected = type?.name ?? 'something else'
  if (union?.tag === undefined || typeof found !== 'object' || found === null) {
    addFailure(node, { expected, message, found })
    return
  }
  // A tagged union compares only the tag, but reports itself and the whole value.
  addFailure(propertyOf(node, union.tag), {
    expected: tagNames(union, union.tag) ?? `a tag of ${expected}`,
    message,
    found: (found as Readonly<Record<string, unknown>>)[union.tag],
  })
}

function propertyOf(node: ErrorNode, key: string, isInArray = false): ErrorNode {
  const step = isInArray && /^\d+$/.test(key) ? Number(key) : key
  return childOf(node, `property ${key}`, appendToPath(node.path, step))
}

function childOf(node: ErrorNode, name: string, path: string, isUnionMember = false): ErrorNode {
  const child = node.children.get(name) ?? newNode(path, isUnionMember)
  node.children.set(name, child)
  return child
}

/** Adds a failure as a leaf, so that issues of a value and of its properties keep the order of their first errors. */
function addFailure(node: ErrorNode, failure: Omit<Failure, 'path'>): void {
  childOf(node, 'itself', node.path).failures.push({ path: node.path, ...failure })
}

/** Returns the failures below a node; of the members of a union, only those of the nearest. */
function nearestFailures({ path, children, failures }: ErrorNode): readonly Failure[] {
  const all = [...children.values()]
  const members = all.filter(({ isUnionMember }) => isUnionMember).map(nearestFailures)
  // A member that fails only at properties accepts the shape of the value.
  const shaped = members.filter((member) => member.every((failure) => failure.path !== path))
  const candidates = shaped.length > 0 ? shaped : members
  const fewest = Math.min(...candidates.map(({ length }) => length))
  return [
    ...failures,
    ...all.filter(({ isUnionMember }) => !isUnionMember).flatMap(nearestFailures),
    ...candidates.filter(({ length }) => length === fewest).flat(),
  ]
}

function tagNames({ types = [] }: Described, tag: string): string | undefined {
  const names = types.map((type) => unwrap(type).props?.[tag]?.name)
  return names.includes(undefined) ? undefined : names.join(' | ')
}

/** Returns the type inside refinements, `readonly`, `exact` and recursion. */
function unwrap(type: Described): Described {
  const isWrapper = /^(Refinement|Readonly|Exact)Type$/.test(type._tag ?? '')
  const inner = type._tag === 'RecursiveType' ? type.runDefinition?.() : isWrapper ? type.type : undefined
  return inner === undefined ? type : unwrap(inner)
}
