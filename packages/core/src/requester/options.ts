import { invalidArgument, requireNumber } from '../argument.js'
import type { AntiphonError, AwaitedStep } from '../errors.js'
import { backOff, type BackOff, type BackOffOptions } from '../link/back-off.js'
import { outgoingFault } from '../link/outgoing-rules.js'
import type { QoS, UserProperties } from '../message.js'
import { RESERVED_PREFIX } from '../protocol/status.js'
import { isSharedFilter } from '../topic/topic-filter.js'

/** The greatest Message Expiry Interval, in milliseconds. */
const MAX_TIMEOUT = 4_294_967_295_000

const EMPTY_PAYLOAD = new Uint8Array()

const STEPS: readonly AwaitedStep[] = ['connection', 'subscription', 'acknowledgement', 'response']

/**
 * When and how often a request is sent again. It has the same correlation, unless the responder reported a failure that it
 * would repeat from its cache, which is any but 503.
 */
export interface RetryOptions {
  /** The maximum number of retries after the first attempt. */
  readonly count: number
  /** Milliseconds without a response before the next attempt. @defaultValue the timeout divided by the attempts */
  readonly attemptTimeout?: number
  /** Whether an error is retried. @defaultValue refused and dropped messages, no responder, and status 503 */
  readonly on?: (error: AntiphonError) => boolean
  /** The delay between a retried error and the next attempt. */
  readonly backOff?: BackOffOptions
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
  readonly retry?: RetryOptions
  /** @defaultValue 1 */
  readonly qos?: QoS
  /** User Properties of each request; names that start with `__` are reserved. */
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
   * For a `many` endpoint: the maximum number of items in flight; the responder waits for credit. Without it, the
   * responder sends without limit.
   */
  readonly credit?: number
}

/** Milliseconds that each step may take, from the end of the step before; `response` ends with the first response. */
export type StepTimeouts = { readonly [Step in AwaitedStep]?: number }

/** The options of an exchange with all defaults. */
export interface ExchangeRules {
  readonly timeout: number
  readonly stepTimeouts: StepTimeouts | undefined
  readonly attempts: number
  /** Milliseconds without a response before the next attempt. */
  readonly attemptTimeout: number
  readonly isRetryable: (error: AntiphonError) => boolean
  readonly backOff: BackOff
  readonly qos: QoS
  readonly userProperties: UserProperties | undefined
  readonly responseTopic: string | undefined
  readonly onDisconnect: 'keep' | 'fail' | 'resend'
  readonly failFast: boolean
  readonly credit: number | undefined
}

/** Returns the options with all defaults. Throws `invalid-argument` if one of them is invalid. */
export function toRules(options: ExchangeOptions): ExchangeRules {
  const { timeout = 5_000, retry, qos = 1, userProperties, responseTopic, credit } = options
  const { onDisconnect = 'keep', failFast = false } = options
  requireTimeout('timeout', timeout)
  for (const step of STEPS) {
    const stepTimeout = options.stepTimeouts?.[step]
    if (stepTimeout !== undefined) requireTimeout(`stepTimeouts.${step}`, stepTimeout)
  }
  requireSendable(options)
  const retryCount = requireNumber('retry.count', retry?.count ?? 0, { least: 0, isWhole: true })
  return {
    timeout,
    stepTimeouts: options.stepTimeouts,
    attempts: retryCount + 1,
    attemptTimeout: requireNumber(
      'retry.attemptTimeout',
      retry?.attemptTimeout ?? timeout / (retryCount + 1),
      {
        least: 1e-3,
      },
    ),
    isRetryable: retry?.on ?? isTransient,
    backOff: backOff(retry?.backOff),
    qos,
    userProperties,
    responseTopic,
    onDisconnect,
    failFast,
    credit: credit === undefined ? undefined : requireNumber('credit', credit, { least: 1, isWhole: true }),
  }
}

function requireTimeout(name: string, milliseconds: number): void {
  if (milliseconds > 0 && milliseconds <= MAX_TIMEOUT) return
  throw invalidArgument(
    `${name} is ${milliseconds}: it must be more than 0 and at most ${MAX_TIMEOUT} milliseconds`,
  )
}

/** Validates the parts of a request that the options determine. */
function requireSendable({ qos, userProperties, responseTopic }: ExchangeOptions): void {
  const fault = outgoingFault({
    topic: 'any',
    payload: EMPTY_PAYLOAD,
    ...(qos === undefined ? {} : { qos }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(userProperties === undefined ? {} : { userProperties }),
  })
  if (fault !== undefined) throw invalidArgument(fault.rawMessage)
  if (responseTopic !== undefined && isSharedFilter(responseTopic)) {
    throw invalidArgument(`responseTopic is ${responseTopic}: it must not be a shared subscription`)
  }
  const reserved = userProperties?.find(([name]) => name.startsWith(RESERVED_PREFIX))
  if (reserved !== undefined) {
    throw invalidArgument(
      `userProperties has ${reserved[0]}: names that start with ${RESERVED_PREFIX} are reserved; rename it`,
    )
  }
}

function isTransient({ code, status }: AntiphonError): boolean {
  return code === 'publish-refused' || code === 'overflow' || code === 'no-responder' || status?.code === 503
}
