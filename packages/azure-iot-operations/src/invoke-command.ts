import {
  exchange$,
  userProperty,
  withMessage,
  type Endpoint,
  type Link,
  type Message,
  type ResponseWithMessage,
  type UserProperties,
} from '@antiphon/core'
import { numberRule, wholeNumberRule, type OptionRules } from '@antiphon/core/link'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import {
  catchError,
  defer,
  firstValueFrom,
  map,
  mergeMap,
  of,
  switchMap,
  throwError,
  type Observable,
  type OperatorFunction,
} from 'rxjs'
import type { Command } from './command.js'
import { commandEndpoint } from './command-endpoint.js'
import type { OperationsError, OperationsErrorDetails } from './operations-error.js'
import { clientId$ } from './protocol/client-id.js'
import { invokerTopics, type InvokerTopicOptions } from './protocol/invoker-topics.js'
import { metadataOf } from './protocol/message-headers.js'
import { mrpcLink } from './protocol/mrpc-link.js'
import { requireOptions } from './protocol/require-options.js'
import { checkResponse } from './protocol/response-check.js'
import { toOperationsError } from './protocol/to-operations-error.js'
import { INVOKER_CLIENT_ID, requireOpenTokens, toParams, type TopicTokens } from './topic-pattern.js'

/** Options of an invoker. */
export interface InvokeOptions extends InvokerTopicOptions {
  /** Milliseconds from the invocation to the response. @defaultValue 10 000 */
  readonly commandTimeout?: number
  /** The maximum number of pending invocations; further ones wait. @defaultValue 256 */
  readonly concurrency?: number
}

/** One invocation of a command. */
export interface CommandInvocation<Req> {
  readonly value: Req
  /** Values of the topic tokens that the options leave open. */
  readonly topicTokens?: TopicTokens
  /** User Properties of the request; names that start with `__` are reserved. */
  readonly metadata?: UserProperties
  /** Milliseconds from the invocation to the response. @defaultValue that of the options */
  readonly commandTimeout?: number
}

/** The response to an invocation. */
export interface CommandResponse<Res> {
  readonly value: Res
  /** The User Properties of the response that the protocol does not reserve. */
  readonly metadata: UserProperties
  /** The timestamp of the executor's hybrid logical clock, if it sent one. */
  readonly timestamp: string | undefined
  /** The message as it was received. */
  readonly message: Message
}

const optionRules: OptionRules<InvokeOptions> = {
  topicNamespace: 'string',
  topicTokens: 'object',
  responseTopicPrefix: 'string',
  responseTopicSuffix: 'string',
  responseTopicPattern: 'string',
  commandTimeout: numberRule(1e-3),
  concurrency: wholeNumberRule(1),
}

const invocationRules: OptionRules<CommandInvocation<unknown>> = {
  value: 'any',
  topicTokens: 'object',
  metadata: 'any',
  commandTimeout: numberRule(1e-3),
}

/** The endpoint of an invoker. Its parameters are known only at run time. */
type InvokerEndpoint = Endpoint<{
  readonly params: Readonly<Record<string, string>>
  readonly requestInput: unknown
  readonly request: unknown
  readonly responseInput: unknown
  readonly response: unknown
  readonly kind: 'one'
}>

/**
 * Invokes a command for each value of the source and emits the responses.
 *
 * Throws `invalid-configuration` if an option, pattern or token is invalid.
 *
 * - *on subscribe*: subscribes to the source; its first value opens the link and the response subscription.
 * - *next*: a response, in the order of arrival.
 * - *complete*: the source has completed and no invocation is pending.
 * - *error*: an `OperationsError`, if an invocation fails; `invokeCommandEither$` continues instead.
 * - *unsubscribe*: ends the pending invocations. The executors are not notified.
 *
 * @example
 * ```ts
 * of({ value: 'gently', topicTokens: { executorId: 'press-7' } }).pipe(invokeCommand$(link, press))
 * ```
 */
export function invokeCommand$<Req, Res, SentReq, SentRes>(
  link: Link,
  command: Command<Req, Res, SentReq, SentRes>,
  options: InvokeOptions = {},
): OperatorFunction<CommandInvocation<SentReq>, CommandResponse<Res>> {
  const invoke$ = commandInvoker(link, command, options)
  return mergeMap(invoke$, options.concurrency ?? 256)
}

/** Invokes commands as `invokeCommand$` does, but emits the error of a failed invocation as a `Left` and continues. */
export function invokeCommandEither$<Req, Res, SentReq, SentRes>(
  link: Link,
  command: Command<Req, Res, SentReq, SentRes>,
  options: InvokeOptions = {},
): OperatorFunction<CommandInvocation<SentReq>, Either<OperationsError, CommandResponse<Res>>> {
  const invoke$ = commandInvoker(link, command, options)
  return mergeMap(
    (invocation) =>
      invoke$(invocation).pipe(
        map((response): Either<OperationsError, CommandResponse<Res>> => right(response)),
        catchError((error: unknown) => of(left(toOperationsError(error)))),
      ),
    options.concurrency ?? 256,
  )
}

/**
 * Invokes a command once and returns a promise of its response. The promise rejects with an `OperationsError`.
 *
 * @example
 * ```ts
 * const { value } = await invokeCommand(link, press, { value: 'gently', topicTokens: { executorId: 'press-7' } })
 * ```
 */
export async function invokeCommand<Req, Res, SentReq, SentRes>(
  link: Link,
  command: Command<Req, Res, SentReq, SentRes>,
  invocation: CommandInvocation<SentReq>,
  options: InvokeOptions = {},
): Promise<CommandResponse<Res>> {
  return firstValueFrom(commandInvoker(link, command, options)(invocation))
}

/** Returns the function that invokes a command; throws `invalid-configuration` if the options are invalid. */
function commandInvoker<Req, Res, SentReq, SentRes>(
  link: Link,
  command: Command<Req, Res, SentReq, SentRes>,
  options: InvokeOptions,
): (invocation: CommandInvocation<SentReq>) => Observable<CommandResponse<Res>> {
  requireOptions(options, optionRules)
  const { topicTokens = {}, commandTimeout: defaultTimeout = 10_000 } = options
  const topics = invokerTopics(command.requestTopicPattern, options)
  const { request, response, openTokens, needsClientId } = topics
  const target = withMessage(
    commandEndpoint(command, {
      topic: request.template,
      responseTopic: response.template,
      responseFilter: response.filterTemplate,
    }) as unknown as InvokerEndpoint,
  )
  const hasParams = target.topic.parameters.length > 0 || target.responseTopic?.isMatch !== undefined
  const parameters = new Set([...request.parameters, ...response.parameters])
  const stampedLink = mrpcLink(link)
  const onResponse = checkResponse(command.response)
  const { scheduler } = link

  const send$ = (
    { value, metadata }: CommandInvocation<SentReq>,
    commandTimeout: number,
    tokens: TopicTokens,
  ): Observable<ResponseWithMessage<Res>> => {
    const params = toParams(parameters, tokens)
    const argument = (hasParams ? { params, value } : value) as { params: typeof params; value: unknown }
    return exchange$(stampedLink, target, argument, {
      timeout: commandTimeout,
      onDisconnect: 'resend',
      onResponse,
      ...(metadata !== undefined && { userProperties: metadata }),
    }) as Observable<ResponseWithMessage<Res>>
  }

  return (invocation) => {
    const { commandTimeout = defaultTimeout } = invocation
    const details: OperationsErrorDetails = {
      commandName: command.name,
      timeoutName: 'commandTimeout',
      timeoutValue: commandTimeout,
    }
    return defer(() => {
      requireOptions(invocation, invocationRules)
      const tokens = { ...topicTokens, ...invocation.topicTokens }
      requireOpenTokens(openTokens, tokens)
      if (!needsClientId) return send$(invocation, commandTimeout, tokens)
      const dueAt = scheduler.now() + commandTimeout
      return clientId$(link, commandTimeout, details).pipe(
        // A timeout of 0 is no valid option; the timeout above has not elapsed.
        switchMap((clientId) =>
          send$(invocation, Math.max(dueAt - scheduler.now(), 1), {
            ...tokens,
            [INVOKER_CLIENT_ID]: clientId,
          }),
        ),
      )
    }).pipe(
      map(({ value, message }) => toResponse(value, message)),
      catchError((error: unknown) => throwError(() => toOperationsError(error, details))),
    )
  }
}

function toResponse<Res>(value: Res, message: Message): CommandResponse<Res> {
  return {
    value,
    metadata: metadataOf(message),
    timestamp: userProperty(message.userProperties, '__ts'),
    message,
  }
}
