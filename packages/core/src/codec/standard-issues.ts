import { appendToPath, shorten } from '../rendering.js'
import type { DecodeIssue } from './codec.js'
import { maximumErrors, maximumExpectationLength, maximumIssues } from './issue-bounds.js'
import type { StandardSchemaIssue } from './standard-schema.js'

/** Turns the issues of a Standard Schema into issues with exact paths, as many and as long as those of an io-ts type. */
export function toStandardIssues(
  found: readonly StandardSchemaIssue[],
  value: unknown,
): readonly [DecodeIssue, ...DecodeIssue[]] {
  const issues = new Map<string, DecodeIssue>()
  for (const { message, path = [] } of found.slice(0, maximumErrors)) {
    const issue = { path: renderPath(path, value), message: shorten(message, maximumExpectationLength) }
    issues.set(`${issue.path}\n${issue.message}`, issue)
  }
  const [first = { path: '$', message: 'refused' }, ...others] = issues.values()
  return [first, ...others.slice(0, maximumIssues - 1)]
}

/** Formats a path as `$.rooms[3].name`. Some libraries pass the index of an array as a string. */
function renderPath(steps: NonNullable<StandardSchemaIssue['path']>, root: unknown): string {
  let path = '$'
  let parent = root
  for (const step of steps) {
    const key = typeof step === 'object' ? step.key : step
    path = appendToPath(path, Array.isArray(parent) ? Number(key) : String(key))
    parent = propertyOf(parent, key)
  }
  return path
}

function propertyOf(parent: unknown, key: PropertyKey): unknown {
  return typeof parent === 'object' && parent !== null ? parent[key as never] : undefined
}
