import { invalidArgument } from '../argument.js'
import type { Endpoint } from '../endpoint.js'
import type { AntiphonError, AwaitedStep } from '../errors.js'
import { backOff, backOffRule, type BackOff, type BackOffOptions } from '../time/back-off.js'
import { outgoingFault } from '../link/outgoing-rules.js'
import type { Message, QoS, UserProperties } from '../message.js'
import { countRule, durationRule, numberRule, type OptionRules, wholeNumberRule } from '../option-rules.js'
import { reservedFault } from '../protocol/reserved-properties.js'
import type { RetryBudgetOptions } from './retry-budget.js'
import { isSharedFilter } from '../topic/topic-filter.js'

/** The greatest Message Expiry Interval, in milliseconds. */
const MAX_TIMEOUT = 4_294_967_295_000

const EMPTY_PAYLOAD = new Uint8Array()

/**
 * When and how often a request is sent again. It has the same correlation, unless the responder reported a failure that it
 * would repeat from its cache, which is any but 503 of a busy responder.
 */
export interface RetryOptions {
  /** The maximum number of retries after the first attempt. */
  readonly count: number
  /** Milliseconds without a response before the next attempt. @defaultValue the timeout divided by the attempts */
  readonly attemptTimeout?: number
  /** Whether an error is retried. @defaultValue refused and dropped messages, no responder, and status 503 */
  readonly on?: (error: AntiphonError) => boolean
  /**
   * The delay between a retried error and the next attempt. If it is set, it is also added to `attemptTimeout` after each
   * silent attempt, as far as the timeout leaves an equal share of time to every further attempt.
   */
  readonly backOff?: BackOffOptions
  /**
   * Limits the retries of all requests to the endpoint. A retry that would exceed it is not sent: a failed request fails
   * at once, a silent one waits for the rest of its timeout.
   */
  readonly budget?: RetryBudgetOptions
}

/** Options of one exchange. */
export interface ExchangeOptions {
  /** Milliseconds from the call to the response, including connecting and retries. @defaultValue 5 000 */
  readonly timeout?: number
  /**
   * Milliseconds that single steps of the exchange may take; the `timeout` error names the step in `awaited`.
   * @defaultValue the whole timeout for each step
   */
  readonly stepTimeouts?: StepTimeouts
  /** Sends the request again if there is no response, or after a transient failure. */
  readonly retry?: RetryOptions
  /** The QoS of the request. @defaultValue 1 */
  readonly qos?: QoS
  /** User Properties of each request; names that start with `__` are reserved, see the endpoint's `reservedProperties`. */
  readonly userProperties?: UserProperties
  /** The response topic, if the endpoint has none of its own. @defaultValue `response/<clientId>` */
  readonly responseTopic?: string
  /**
   * What happens to a pending request when the connection is lost: it keeps waiting (`keep`), fails at once (`fail`), or
   * is sent again on the next connection if the session was lost, and with it perhaps the response (`resend`).
   * @defaultValue 'keep'
   */
  readonly onDisconnect?: 'keep' | 'fail' | 'resend'
  /** Fail at once with `no-responder` if the broker reports no subscriber. @defaultValue false */
  readonly failFast?: boolean
  /**
   * Do not send a request that has waited, and do not send one again, if less time is left than the fastest of the latest
   * responses took: its response would be too late. A request that was never sent fails at once with `timeout`.
   * @defaultValue true
   */
  readonly skipLate?: boolean
  /**
   * For a `many` endpoint: the maximum number of items in flight; the responder waits for credit. Without it, the
   * responder sends without limit.
   */
  readonly credit?: number
  /**
   * Checks the message of each response before its status and payload are read. A returned error fails the attempt, or the
   * stream of a `many` endpoint; `gather$` emits it. An `Error` of another class becomes the `cause` of a `protocol` error.
   * @defaultValue no check
   */
  readonly onResponse?: (response: Message) => Error | undefined
  /**
   * Whether a response is from an expected responder, for example by a User Property or a signature. Any other response is
   * an unmatched one: it does not settle the exchange. @defaultValue every responder is expected
   */
  readonly expectedResponder?: (response: Message) => boolean
  /** Fail on a response without `__stat`, which a plain MQTT client sends. @defaultValue false */
  readonly strictResponses?: boolean
  /**
   * For a `many` endpoint: milliseconds from the call to the end of the stream, whatever the time between its items.
   * @defaultValue Infinity
   */
  readonly totalTimeout?: number
}

/** Milliseconds that each step may take, from the end of the step before; `response` ends with the first response. */
export type StepTimeouts = { readonly [Step in AwaitedStep]?: number }

const timeoutRule = numberRule(1e-3, MAX_TIMEOUT)

/** The rules of `ExchangeOptions`. */
export const exchangeOptionRules: OptionRules<ExchangeOptions> = {
  timeout: timeoutRule,
  stepTimeouts: {
    connection: timeoutRule,
    subscription: timeoutRule,
    acknowledgement: timeoutRule,
    response: timeoutRule,
  } satisfies OptionRules<StepTimeouts>,
  retry: {
    count: wholeNumberRule(0),
    attemptTimeout: durationRule,
    on: 'function',
    backOff: backOffRule,
    budget: {
      burst: numberRule(0),
      perResponse: numberRule(0),
    } satisfies OptionRules<RetryBudgetOptions>,
  } satisfies OptionRules<RetryOptions>,
  qos: [0, 1, 2],
  userProperties: 'any',
  responseTopic: 'string',
  onDisconnect: ['keep', 'fail', 'resend'],
  failFast: [true, false],
  skipLate: [true, false],
  credit: countRule,
  onResponse: 'function',
  expectedResponder: 'function',
  strictResponses: [true, false],
  totalTimeout: durationRule,
}

/** The options of an exchange with all defaults. */
export interface ExchangeRules {
  readonly timeout: number
  readonly stepTimeouts: StepTimeouts | undefined
  readonly attempts: number
  /** Milliseconds without a response before the next attempt. */
  readonly attemptTimeout: number
  readonly isRetryable: (error: AntiphonError) => boolean
  readonly backOff: BackOff
  /** The delay that is added after a silent attempt. */
  readonly silenceBackOff: BackOff | undefined
  readonly qos: QoS
  readonly userProperties: UserProperties | undefined
  readonly responseTopic: string | undefined
  readonly onDisconnect: 'keep' | 'fail' | 'resend'
  readonly failFast: boolean
  readonly skipLate: boolean
  readonly credit: number | undefined
  readonly onResponse: ((response: Message) => Error | undefined) | undefined
  readonly expectedResponder: ((response: Message) => boolean) | undefined
  readonly strictResponses: boolean
  readonly totalTimeout: number
}

/** Returns valid options with all defaults. Throws `invalid-argument` if a request with them could not be sent. */
export function toRules(options: ExchangeOptions, { reservedProperties }: Endpoint): ExchangeRules {
  const { timeout = 5_000, retry, qos = 1, userProperties, responseTopic, credit, onResponse } = options
  const { onDisconnect = 'keep', failFast = false } = options
  requireSendable(options, reservedProperties)
  const retryCount = retry?.count ?? 0
  const retryBackOff = backOff(retry?.backOff)
  return {
    timeout,
    stepTimeouts: options.stepTimeouts,
    attempts: retryCount + 1,
    attemptTimeout: retry?.attemptTimeout ?? timeout / (retryCount + 1),
    isRetryable: retry?.on ?? isTransient,
    backOff: retryBackOff,
    silenceBackOff: retry?.backOff && retryBackOff,
    qos,
    userProperties,
    responseTopic,
    onDisconnect,
    failFast,
    skipLate: options.skipLate ?? true,
    credit,
    onResponse,
    expectedResponder: options.expectedResponder,
    strictResponses: options.strictResponses ?? false,
    totalTimeout: options.totalTimeout ?? Infinity,
  }
}

/** Validates the parts of a request that the options determine. */
function requireSendable(
  { userProperties, responseTopic }: ExchangeOptions,
  reservedProperties: readonly string[],
): void {
  const fault = outgoingFault({
    topic: 'any',
    payload: EMPTY_PAYLOAD,
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(userProperties === undefined ? {} : { userProperties }),
  })
  if (fault !== undefined) throw invalidArgument(`options.${fault.rawMessage}`)
  if (responseTopic !== undefined && isSharedFilter(responseTopic)) {
    throw invalidArgument(`options.responseTopic is ${responseTopic}: it must not be a shared subscription`)
  }
  const reserved = reservedFault(userProperties, reservedProperties)
  if (reserved !== undefined) throw invalidArgument(`options.${reserved}`)
}

function isTransient({ code, status }: AntiphonError): boolean {
  return code === 'publish-refused' || code === 'overflow' || code === 'no-responder' || status?.code === 503
}
