import {
  requests$,
  serve,
  userProperty,
  type DrainOptions,
  type Endpoint,
  type HandlerResult,
  type Link,
  type Message,
  type ReceivedRequest,
  type RequestsOptions,
  type ResponseCacheBounds,
  type ServeRecord,
  type UserProperties,
} from '@antiphon/core'
import { numberRule, pickOptions, wholeNumberRule, type OptionRules } from '@antiphon/core/link'
import { catchError, throwError, type Observable } from 'rxjs'
import type { Command } from './command.js'
import { commandEndpoint } from './command-endpoint.js'
import { withApplicationErrors } from './protocol/handler-errors.js'
import { metadataOf } from './protocol/message-headers.js'
import { mrpcLink } from './protocol/mrpc-link.js'
import { requestHeaders } from './protocol/request-headers.js'
import { requireOptions } from './protocol/require-options.js'
import { toOperationsError } from './protocol/to-operations-error.js'
import { failOnRefusedUnsubscribe } from './protocol/unsubscribe-refusals.js'
import { topicPattern, toTokens, type TopicTokens } from './topic-pattern.js'

/** Options of an executor. */
export interface ExecuteOptions extends DrainOptions {
  /** Levels before the request topic. @defaultValue none */
  readonly topicNamespace?: string
  /** Values of tokens in the topic pattern, such as the executor's own id; any other token matches every value. */
  readonly topicTokens?: TopicTokens
  /** Milliseconds that a handler may run; the expiry of its request limits it as well. @defaultValue 10 000 */
  readonly executionTimeout?: number
  /** The maximum number of handlers that run at once; further requests wait. @defaultValue 256 */
  readonly concurrency?: number
  /** The group of a shared subscription: each request goes to one of its executors. @defaultValue none */
  readonly group?: string
  /** Limits of the cache from which duplicate requests are answered. */
  readonly responseCache?: ResponseCacheBounds
  /** Called when the broker has acknowledged the subscription; again after each lost session. */
  readonly onSubscribed?: () => void
}

/** The types of an executor's endpoint. */
export interface ExecutorTypes<Req, SentRes> {
  readonly params: TopicTokens
  readonly requestInput: never
  readonly request: Req
  readonly responseInput: SentRes
  readonly response: unknown
  readonly kind: 'one'
}

/** A request as the handler of a command sees it. */
export interface ReceivedCommand<Req> {
  readonly value: Req
  /** The values of all topic tokens: those of the options, and those in the topic. */
  readonly topicTokens: TopicTokens
  /** The User Properties of the request that the protocol does not reserve. */
  readonly metadata: UserProperties
  /** The client identifier of the invoker, if it sent one. */
  readonly sourceId: string | undefined
  /** The timestamp of the invoker's hybrid logical clock, if it sent one. */
  readonly timestamp: string | undefined
  /** When the request expires, on the clock of the link's scheduler. */
  readonly expiresAt: number
  /** Aborts when the handler is stopped: its deadline has passed, or the executor stops. */
  readonly signal: AbortSignal
  /** The message as it was received. */
  readonly message: Message
}

/**
 * Handles a request: returns the response, or an Observable, a Promise, an iterable or an async iterable of it, each also as
 * `withProperties` of core, which sets metadata.
 */
export type CommandHandler<Req, SentRes> = (
  request: ReceivedCommand<Req>,
) => HandlerResult<ExecutorTypes<Req, SentRes>>

const optionRules: OptionRules<ExecuteOptions> = {
  topicNamespace: 'string',
  topicTokens: 'object',
  executionTimeout: numberRule(1),
  concurrency: wholeNumberRule(1),
  group: 'string',
  responseCache: 'object',
  onSubscribed: 'function',
  drain$: 'object',
  drainBy: ['leave', 'pause'],
  drainTimeout: numberRule(0),
}

/** The options that `requests$` of core takes as they are. */
const requestsRules: OptionRules<
  Pick<ExecuteOptions, 'drain$' | 'drainBy' | 'drainTimeout' | 'group' | 'onSubscribed' | 'responseCache'>
> = {
  group: 'string',
  responseCache: 'object',
  onSubscribed: 'function',
  drain$: 'object',
  drainBy: 'string',
  drainTimeout: 'any',
}

/**
 * Executes a command: subscribes to its request topic, runs the handler for each request and sends its response. A request
 * is acknowledged when the broker has its response, and a duplicate of it gets the same response without a second run.
 *
 * Throws `invalid-configuration` if an option, pattern or token is invalid.
 *
 * - *on subscribe*: opens the link and subscribes to the request topic.
 * - *next*: a record of each request that has been executed.
 * - *complete*: the executor has been drained, or the link was closed.
 * - *error*: an `OperationsError`: the broker refused the subscription, or, while draining, to end it.
 * - *unsubscribe*: stops the handlers and unsubscribes. The broker delivers what is not acknowledged again.
 *
 * @example
 * ```ts
 * executeCommand$(link, press, ({ value }) => `pressed ${value}`, { topicTokens: { executorId: 'press-7' } }).subscribe()
 * ```
 */
export function executeCommand$<Req, Res, SentReq, SentRes>(
  link: Link,
  command: Command<Req, Res, SentReq, SentRes>,
  handler: CommandHandler<Req, SentRes>,
  options: ExecuteOptions = {},
): Observable<ServeRecord<ExecutorTypes<Req, SentRes>>> {
  requireOptions(options, optionRules)
  const { name, requestTopicPattern } = command
  const { topicNamespace, topicTokens = {}, executionTimeout = 10_000, concurrency = 256 } = options
  const topics = topicPattern({
    property: 'requestTopicPattern',
    pattern: requestTopicPattern,
    topicNamespace,
    topicTokens,
  })
  const target = commandEndpoint(command, { topic: topics.template }) as unknown as Endpoint<
    ExecutorTypes<Req, SentRes>
  >
  const requestsOptions: RequestsOptions<ExecutorTypes<Req, SentRes>> = {
    ...pickOptions(options, requestsRules),
    acknowledge: 'after-response',
    controlTopic: false,
    headers: requestHeaders(topics),
  }
  const executed$ = requests$(mrpcLink(link), target, requestsOptions).pipe(
    serve<ExecutorTypes<Req, SentRes>>(
      (request) => withApplicationErrors(() => handler(toReceivedCommand(request, topicTokens))),
      { handlerTimeout: executionTimeout, concurrency },
    ),
  )
  const { group } = options
  const filter = target.topic.filter({})
  return executed$.pipe(
    failOnRefusedUnsubscribe(link, group === undefined ? filter : `$share/${group}/${filter}`),
    catchError((error: unknown) => throwError(() => toOperationsError(error, { commandName: name }))),
  )
}

function toReceivedCommand<Req, SentRes>(
  request: ReceivedRequest<ExecutorTypes<Req, SentRes>>,
  topicTokens: TopicTokens,
): ReceivedCommand<Req> {
  const { value, params, expiresAt, message } = request
  const { userProperties } = message
  return {
    value,
    topicTokens: { ...topicTokens, ...toTokens(params) },
    metadata: metadataOf(message),
    sourceId: userProperty(userProperties, '__srcId'),
    timestamp: userProperty(userProperties, '__ts'),
    expiresAt,
    // Reading the signal creates it.
    get signal() {
      return request.signal
    },
    message,
  }
}
