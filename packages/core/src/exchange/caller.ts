import { invalidArgument } from '../argument.js'
import type { Ask, Endpoint, EndpointTypes } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import type { Link } from '../link/link.js'
import type { Tally } from './counts.js'
import { Exchange, type Outcome } from './exchange.js'
import { exchangesOf, type Exchanges } from './exchanges.js'
import type { Started } from './flatten.js'
import { toRules, type ExchangeOptions, type ExchangeRules } from './options.js'
import { repliesOf } from './replies-of.js'
import type { Replies } from './replies.js'

/** What a caller said once for all its questions. */
export interface Caller {
  readonly exchanges: Exchanges
  readonly endpoint: Endpoint
  readonly rules: ExchangeRules
  readonly tally: Tally
  /** Makes what a question does with the replies it gets. */
  readonly replies: () => Replies
}

/** A question in its parts. */
export interface AskParts {
  readonly params: Readonly<Record<string, string>>
  readonly value: unknown
}

/** Checks what a caller wants, before anything is asked. */
export function callerOf(
  link: Link,
  endpoint: Endpoint,
  options: ExchangeOptions,
  repliesFor: (endpoint: Endpoint, rules: ExchangeRules) => () => Replies = repliesOf,
): Caller {
  const exchanges = exchangesOf(link)
  const rules = toRules(options)
  if (rules.responseTopic !== undefined && endpoint.reply !== undefined) {
    throw invalidArgument(`${endpoint.name} decides itself where replies come: leave out responseTopic`)
  }
  return {
    exchanges,
    endpoint,
    rules,
    tally: exchanges.tally(endpoint),
    replies: repliesFor(endpoint, rules),
  }
}

/** Takes a question apart; of an endpoint without topic parameters it is the value itself. */
export function toParts<T extends EndpointTypes>({ topic }: Endpoint<T>, question: Ask<T>): AskParts {
  return topic.parameters.length === 0 ? { params: NO_PARAMS, value: question } : (question as AskParts)
}

/** Asks one question; `outcome` hears what became of it, once. */
export function ask(caller: Caller, parts: AskParts, outcome: Outcome): Started {
  caller.tally.asked++
  let exchange: Exchange
  try {
    exchange = new Exchange(caller, parts, outcome)
  } catch (thrown) {
    caller.tally.failed++
    outcome.error(AntiphonError.from(thrown))
    return NOTHING_STARTED
  }
  exchange.start()
  return exchange
}

const NO_PARAMS = {}

const NOTHING_STARTED: Started = { cancel: () => undefined }
