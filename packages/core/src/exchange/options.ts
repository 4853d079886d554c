import { invalidArgument, requireNumber } from '../argument.js'
import type { AntiphonError } from '../errors.js'
import { backOff, type BackOff, type BackOffOptions } from '../link/back-off.js'
import { outgoingFault } from '../link/outgoing-rules.js'
import type { QoS, UserProperties } from '../message.js'
import { RESERVED_PREFIX } from '../status.js'
import { isSharedFilter } from '../topic/topic-filter.js'

/** The longest time a Message Expiry Interval can say, in milliseconds. */
const LONGEST_TIMEOUT = 4_294_967_295_000

const NOTHING = new Uint8Array()

/** When and how often a question is asked again: the same bytes under the same correlation. */
export interface RetryOptions {
  /** How many times at the most, after the first. */
  readonly count: number
  /** Milliseconds of silence before asking again. @defaultValue the timeout, shared evenly among all attempts */
  readonly after?: number
  /** Which failures are worth asking again for. @defaultValue refused and dropped messages, and a busy responder */
  readonly on?: (error: AntiphonError) => boolean
  /** The wait between such a failure and the next attempt. */
  readonly backOff?: BackOffOptions
}

/** How one question is asked. */
export interface ExchangeOptions {
  /** Milliseconds from the call to its answer, whatever happens in between. @defaultValue 5 000 */
  readonly timeout?: number
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

/** The options of an exchange with every default in place. */
export interface ExchangeRules {
  readonly timeout: number
  readonly attempts: number
  /** Milliseconds of silence before asking again. */
  readonly patience: number
  readonly isWorthRetrying: (error: AntiphonError) => boolean
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
  if (!(timeout > 0 && timeout <= LONGEST_TIMEOUT)) {
    throw invalidArgument(
      `timeout is ${timeout}: it must be more than 0 and at most ${LONGEST_TIMEOUT} milliseconds`,
    )
  }
  requireSendable(options)
  const retries = requireNumber('retry.count', retry?.count ?? 0, { least: 0, isWhole: true })
  return {
    timeout,
    attempts: retries + 1,
    patience: requireNumber('retry.after', retry?.after ?? timeout / (retries + 1), { least: 1e-3 }),
    isWorthRetrying: retry?.on ?? isPassing,
    backOff: backOff(retry?.backOff),
    qos,
    userProperties,
    responseTopic,
    onDisconnect,
    failFast,
    credit: credit === undefined ? undefined : requireNumber('credit', credit, { least: 1, isWhole: true }),
  }
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
  if (fault !== undefined) throw invalidArgument(fault.message)
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

function isPassing({ code, status }: AntiphonError): boolean {
  return code === 'publish-refused' || code === 'overflow' || code === 'no-responder' || status?.code === 503
}
