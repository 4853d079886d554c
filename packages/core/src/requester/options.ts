import { invalidArgument, requireNumber } from '../argument.js'
import type { AntiphonError, AwaitedStep } from '../errors.js'
import { backOff, type BackOff, type BackOffOptions } from '../link/back-off.js'
import { outgoingFault } from '../link/outgoing-rules.js'
import type { QoS, UserProperties } from '../message.js'
import { RESERVED_PREFIX } from '../protocol/status.js'
import { isSharedFilter } from '../topic/topic-filter.js'

/** The longest time a Message Expiry Interval can say, in milliseconds. */
const LONGEST_TIMEOUT = 4_294_967_295_000

const NOTHING = new Uint8Array()

const STEPS: readonly AwaitedStep[] = ['connection', 'subscription', 'acknowledgement', 'response']

/** When and how often a question is asked again: the same bytes under the same correlation. */
export interface RetryOptions {
  /** How many times at the most, after the first. */
  readonly count: number
  /** Milliseconds of silence before asking again. @defaultValue the timeout, shared evenly among all attempts */
  readonly attemptTimeout?: number
  /** Which failures are worth asking again for. @defaultValue refused and dropped messages, and a busy responder */
  readonly on?: (error: AntiphonError) => boolean
  /** The wait between such a failure and the next attempt. */
  readonly backOff?: BackOffOptions
}

/** How one question is asked. */
export interface ExchangeOptions {
  /** Milliseconds from the call to its answer, whatever happens in between. @defaultValue 5 000 */
  readonly timeout?: number
  /**
   * Milliseconds that one step on the way may take, whatever is left of the whole; the `timeout` error names the step
   * in `awaited`. @defaultValue none: any of them may take the whole timeout
   */
  readonly stepTimeouts?: StepTimeouts
  readonly retry?: RetryOptions
  /** @defaultValue 1 */
  readonly qos?: QoS
  /** Sent with every question; names that start with `__` are the protocol's own. */
  readonly userProperties?: UserProperties
  /** Where replies shall come, such as `response/pool/instance1`. @defaultValue the endpoint's, or `response/<clientId>` */
  readonly responseTopic?: string
  /**
   * What becomes of a question under way when the connection is lost: it waits on (`keep`), fails at once (`fail`), or
   * is asked again on the next connection if the broker lost the session, and its answer perhaps with it (`resend`).
   * @defaultValue 'keep'
   */
  readonly onDisconnect?: 'keep' | 'fail' | 'resend'
  /** Fail at once with `no-responder` when the broker knows of nobody who listens. @defaultValue false */
  readonly failFast?: boolean
  /**
   * With `many` replies: how many items may be on their way at once; the responder waits for room. Without it, it sends
   * as fast as it can.
   */
  readonly credit?: number
}

/** How long a question may wait for each step, in milliseconds from the step before; for `answer`, to the first reply. */
export type StepTimeouts = { readonly [Step in AwaitedStep]?: number }

/** The options of an exchange with every default in place. */
export interface ExchangeRules {
  readonly timeout: number
  readonly stepTimeouts: StepTimeouts | undefined
  readonly attempts: number
  /** Milliseconds of silence before asking again. */
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

/** Checks what a caller wants before anything is sent, and fills in the rest. */
export function toRules(options: ExchangeOptions): ExchangeRules {
  const { timeout = 5_000, retry, qos = 1, userProperties, responseTopic, credit } = options
  const { onDisconnect = 'keep', failFast = false } = options
  requireTimeout('timeout', timeout)
  for (const step of STEPS) {
    const limit = options.stepTimeouts?.[step]
    if (limit !== undefined) requireTimeout(`stepTimeouts.${step}`, limit)
  }
  requireSendable(options)
  const retries = requireNumber('retry.count', retry?.count ?? 0, { least: 0, isWhole: true })
  return {
    timeout,
    stepTimeouts: options.stepTimeouts,
    attempts: retries + 1,
    attemptTimeout: requireNumber('retry.attemptTimeout', retry?.attemptTimeout ?? timeout / (retries + 1), {
      least: 1e-3,
    }),
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
  if (milliseconds > 0 && milliseconds <= LONGEST_TIMEOUT) return
  throw invalidArgument(
    `${name} is ${milliseconds}: it must be more than 0 and at most ${LONGEST_TIMEOUT} milliseconds`,
  )
}

/** Everything of a question that is known before there is one. */
function requireSendable({ qos, userProperties, responseTopic }: ExchangeOptions): void {
  const fault = outgoingFault({
    topic: 'any',
    payload: NOTHING,
    ...(qos === undefined ? {} : { qos }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(userProperties === undefined ? {} : { userProperties }),
  })
  if (fault !== undefined) throw invalidArgument(fault.rawMessage)
  if (responseTopic !== undefined && isSharedFilter(responseTopic)) {
    throw invalidArgument(`responseTopic is ${responseTopic}: replies come to one caller, not to a group`)
  }
  const reserved = userProperties?.find(([name]) => name.startsWith(RESERVED_PREFIX))
  if (reserved !== undefined) {
    throw invalidArgument(
      `the user property ${reserved[0]} starts with ${RESERVED_PREFIX}, which is the protocol's own: rename it`,
    )
  }
}

function isTransient({ code, status }: AntiphonError): boolean {
  return code === 'publish-refused' || code === 'overflow' || code === 'no-responder' || status?.code === 503
}
