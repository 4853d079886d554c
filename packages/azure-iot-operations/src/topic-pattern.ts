import { quoted } from '@antiphon/core/link'
import { invalidConfiguration } from './operations-error.js'

/** Values of topic tokens by name, such as `{ executorId: 'press-7' }`. */
export type TopicTokens = Readonly<Record<string, string>>

/** The token that stands for the client identifier of the invoker; the link has its value. */
export const INVOKER_CLIENT_ID = 'invokerClientId'

/** A topic pattern whose fixed tokens are replaced. */
export interface TopicPattern {
  /** The text of a topic template of core: a token that occurs again has another name there. */
  readonly template: string
  /** The template of the filter of all topics: an open token is the wildcard `+`. */
  readonly filterTemplate: string
  /** The names of the template's parameters. */
  readonly parameters: readonly string[]
  /** The names of the open tokens, each once. */
  readonly openTokens: readonly string[]
}

/** What `topicPattern` builds a topic from. */
export interface TopicPatternParts {
  /** The option or field that the pattern is from, for errors. */
  readonly property: string
  readonly pattern: string
  readonly topicNamespace: string | undefined
  readonly topicTokens: TopicTokens
}

/** Printable ASCII without space, `"`, `+`, `#`, `/`, `{` and `}`. */
const LABEL = /^[\x21\x24-\x2a\x2c-\x2e\x30-\x7a\x7c\x7e]+$/
const TOKEN = /^\{((?:ex:)?[a-z]+)\}$/i

/** Separates the name of a token from the number of its occurrence; no token has it in its name. */
const OCCURRENCE = '.'

/** Returns what is wrong with a topic pattern; `undefined` if it is valid. */
export function topicPatternFault(pattern: unknown): string | undefined {
  if (typeof pattern !== 'string' || pattern === '') return 'it must be a string that is not empty'
  if (pattern.startsWith('$')) return 'it starts with $'
  const invalid = pattern.split('/').find((label) => !LABEL.test(label) && !TOKEN.test(label))
  return invalid === undefined
    ? undefined
    : `level ${quoted(invalid)} must be printable ASCII without spaces, ", +, #, { and }, or a token such as {executorId} or {ex:line}`
}

/** Returns what is wrong with a topic namespace or the value of a token; `undefined` if it is valid. */
export function topicValueFault(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return 'it must be a string that is not empty'
  const isValid = value.split('/').every((label) => LABEL.test(label))
  return isValid ? undefined : 'its levels must be printable ASCII without spaces, ", +, #, { and }'
}

/** Throws `invalid-configuration` if a topic pattern is invalid. */
export function requireTopicPattern(property: string, pattern: unknown): void {
  const fault = topicPatternFault(pattern)
  if (fault !== undefined)
    throw invalidConfiguration(property, pattern, `${property} is ${quotedValue(pattern)}: ${fault}`)
}

/** Throws `invalid-configuration` if the value of a token is invalid. */
export function requireTokenValue(name: string, value: unknown): void {
  const fault = topicValueFault(value)
  if (fault !== undefined)
    throw invalidConfiguration(name, value, `topic token {${name}} is ${quotedValue(value)}: ${fault}`)
}

/** Throws `invalid-configuration` if a topic namespace is invalid. */
export function requireTopicNamespace(topicNamespace: string | undefined): void {
  if (topicNamespace === undefined) return
  const fault = topicNamespace.startsWith('$') ? 'it starts with $' : topicValueFault(topicNamespace)
  if (fault !== undefined)
    throw invalidConfiguration(
      'topicNamespace',
      topicNamespace,
      `topicNamespace is ${quotedValue(topicNamespace)}: ${fault}`,
    )
}

/** Replaces the tokens that have a value, and puts the namespace before the pattern. Throws `invalid-configuration`. */
export function topicPattern({
  property,
  pattern,
  topicNamespace,
  topicTokens,
}: TopicPatternParts): TopicPattern {
  requireTopicPattern(property, pattern)
  requireTopicNamespace(topicNamespace)
  const openTokens: string[] = []
  const parameters: string[] = []
  const occurrences = new Map<string, number>()
  const filter: string[] = []
  const labels = pattern.split('/').map((label) => {
    const name = TOKEN.exec(label)?.[1]
    const value = name === undefined ? label : topicTokens[name]
    if (name === undefined || value !== undefined) {
      if (name !== undefined) requireTokenValue(name, value)
      filter.push(value ?? '')
      return value
    }
    const count = (occurrences.get(name) ?? 0) + 1
    occurrences.set(name, count)
    if (count === 1) openTokens.push(name)
    const parameter = nameOf(name, count)
    parameters.push(parameter)
    filter.push(name === INVOKER_CLIENT_ID ? `{${parameter}}` : '+')
    return `{${parameter}}`
  })
  const namespace = topicNamespace === undefined ? [] : [topicNamespace]
  return {
    template: [...namespace, ...labels].join('/'),
    filterTemplate: [...namespace, ...filter].join('/'),
    parameters,
    openTokens,
  }
}

/** Returns the values of a template's parameters, given those of its tokens. */
export function toParams(
  parameters: Iterable<string>,
  topicTokens: TopicTokens,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from(parameters, (parameter) => [parameter, topicTokens[tokenOf(parameter)] ?? '']),
  )
}

/** Throws `invalid-configuration` if an open token has no value for a message, or an invalid one. */
export function requireOpenTokens(openTokens: Iterable<string>, topicTokens: TopicTokens): void {
  for (const name of openTokens) requireOpenToken(name, topicTokens[name])
}

function requireOpenToken(name: string, value: string | undefined): void {
  if (value === undefined)
    throw invalidConfiguration(name, undefined, `topic token {${name}} has no value: pass it in topicTokens`)
  requireTokenValue(name, value)
  if (value.includes('/'))
    throw invalidConfiguration(
      name,
      value,
      `topic token {${name}} is ${quotedValue(value)}: a value for one message has no /; values of several levels are options`,
    )
}

/** Returns the values of the tokens in a topic, given those of the template's parameters. */
export function toTokens(params: Readonly<Record<string, string>>): TopicTokens {
  return Object.fromEntries(Object.entries(params).filter(([name]) => tokenOf(name) === name))
}

/** Returns the name of a token that has two different values in a topic; `undefined` if no token has. */
export function ambiguousToken(params: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(params)
    .map(tokenOf)
    .find((token, index) => Object.values(params)[index] !== params[token])
}

function nameOf(token: string, occurrence: number): string {
  return occurrence === 1 ? token : `${token}${OCCURRENCE}${occurrence}`
}

function tokenOf(parameter: string): string {
  return parameter.split(OCCURRENCE)[0] ?? parameter
}

function quotedValue(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : String(value)
}
