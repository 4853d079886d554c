import { invalidArgument, quoted } from '@antiphon/core/link'
import { authenticationNameOf, type AttributeValue, type NamespaceClient } from './namespace-client.js'

/** Whether a client belongs to a group. */
export type ClientPredicate = (client: NamespaceClient) => boolean

type Literal = string | number

/**
 * Parses the query of a client group, such as `attributes.type = "car" and attributes.floor <= 5`. Operands are
 * `attributes.<name>`, `authenticationName`, texts and whole numbers; operators are `=`, `!=`, `<>`, `<`, `>`, `<=`, `>=`,
 * `IN [..]`, `and`, `or` and parentheses. An attribute with several values is equal to each of them.
 *
 * Throws `invalid-argument` with the query and what is wrong with it.
 */
export function parseGroupQuery(query: string): ClientPredicate {
  return new QueryParser(query).parse()
}

const token =
  /\s*(?:(?<text>"[^"]*"|'[^']*')|(?<number>-?\d+)|(?<word>[A-Za-z][\w.]*)|(?<operator><>|!=|<=|>=|[=<>()[\],]))\s*/gy

interface Token {
  readonly kind: 'text' | 'number' | 'word' | 'operator' | 'end'
  readonly value: string
}

type Comparison = (actual: readonly Literal[], expected: Literal) => boolean

const isEqual: Comparison = (actual, expected) => actual.some((value) => String(value) === String(expected))
const ordered =
  (holds: (actual: number, expected: number) => boolean): Comparison =>
  (actual, expected) =>
    actual.some((value) => typeof value === 'number' && holds(value, Number(expected)))

const comparisons: Readonly<Record<string, Comparison>> = {
  '=': isEqual,
  '!=': (actual, expected) => !isEqual(actual, expected),
  '<>': (actual, expected) => !isEqual(actual, expected),
  '<': ordered((actual, expected) => actual < expected),
  '>': ordered((actual, expected) => actual > expected),
  '<=': ordered((actual, expected) => actual <= expected),
  '>=': ordered((actual, expected) => actual >= expected),
}

/** A parser by recursive descent: `or` binds weakest, then `and`. */
class QueryParser {
  readonly #query: string
  #tokens: readonly Token[]
  #at = 0

  constructor(query: string) {
    this.#query = query
    this.#tokens = this.#readTokens()
  }

  parse(): ClientPredicate {
    const predicate = this.#anyOf()
    if (this.#next.kind !== 'end')
      throw this.#fault(`and, or or the end of the query instead of ${this.#found}`)
    return predicate
  }

  #anyOf(): ClientPredicate {
    const terms = [this.#allOf()]
    while (this.#takesWord('or')) terms.push(this.#allOf())
    return (client) => terms.some((term) => term(client))
  }

  #allOf(): ClientPredicate {
    const terms = [this.#term()]
    while (this.#takesWord('and')) terms.push(this.#term())
    return (client) => terms.every((term) => term(client))
  }

  #term(): ClientPredicate {
    if (this.#takes('(')) {
      const inner = this.#anyOf()
      this.#require(')')
      return inner
    }
    const operand = this.#operand()
    if (this.#takesWord('in')) {
      const values = this.#values()
      return (client) => values.some((value) => isEqual(operand(client), value))
    }
    const { value: operator } = this.#next
    const comparison = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined
    if (comparison === undefined) throw this.#fault(`a comparison instead of ${this.#found}`)
    this.#at++
    const expected = this.#literal()
    return (client) => comparison(operand(client), expected)
  }

  /** Returns the values of an attribute or of the authentication name. */
  #operand(): (client: NamespaceClient) => readonly Literal[] {
    const { kind, value } = this.#next
    const attribute = /^attributes\.(\w+)$/i.exec(value)?.[1]
    const isName = /^authenticationName$/i.test(value)
    if (kind !== 'word' || (attribute === undefined && !isName))
      throw this.#fault(`attributes.<name> or authenticationName instead of ${this.#found}`)
    this.#at++
    if (attribute === undefined) return (client) => [authenticationNameOf(client)]
    return ({ attributes }) => toList(attributes?.[attribute])
  }

  #values(): readonly Literal[] {
    this.#require('[')
    const values = [this.#literal()]
    while (this.#takes(',')) values.push(this.#literal())
    this.#require(']')
    return values
  }

  #literal(): Literal {
    const { kind, value } = this.#next
    if (kind !== 'text' && kind !== 'number')
      throw this.#fault(`a text in quotes or a number instead of ${this.#found}`)
    this.#at++
    return kind === 'text' ? value.slice(1, -1) : Number(value)
  }

  #takes(operator: string): boolean {
    const isFound = this.#next.kind === 'operator' && this.#next.value === operator
    if (isFound) this.#at++
    return isFound
  }

  #takesWord(word: string): boolean {
    const isFound = this.#next.kind === 'word' && this.#next.value.toLowerCase() === word
    if (isFound) this.#at++
    return isFound
  }

  #require(operator: string): void {
    if (!this.#takes(operator)) throw this.#fault(`${operator} instead of ${this.#found}`)
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', value: '' }
  }

  get #found(): string {
    return this.#next.kind === 'end' ? 'the end' : quoted(this.#next.value)
  }

  #readTokens(): readonly Token[] {
    const tokens: Token[] = []
    token.lastIndex = 0
    for (let at = 0; at < this.#query.trimEnd().length; at = token.lastIndex) {
      token.lastIndex = at
      const groups = token.exec(this.#query)?.groups
      if (groups === undefined)
        throw this.#fault(`an operand or operator instead of ${quoted(this.#query.slice(at))}`)
      for (const [kind, value] of Object.entries(groups) as [Token['kind'], string | undefined][])
        if (value !== undefined) tokens.push({ kind, value })
    }
    return tokens
  }

  #fault(expected: string): Error {
    return invalidArgument(`invalid query ${quoted(this.#query)}: expected ${expected}`)
  }
}

function toList(value: AttributeValue | undefined): readonly Literal[] {
  if (value === undefined) return []
  return typeof value === 'object' ? value : [value]
}
