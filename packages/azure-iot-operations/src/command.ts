import type { Codec } from '@antiphon/core'
import { invalidConfiguration } from './operations-error.js'
import { requireTopicPattern } from './topic-pattern.js'
import { requireOptions } from './protocol/require-options.js'

/** The contract that the invokers and executors of a command agree on. */
export interface Command<Req = unknown, Res = unknown, SentReq = Req, SentRes = Res> {
  /** The name of the command in errors. */
  readonly name: string
  /** The pattern of the request topic, with tokens such as `{executorId}` or `{ex:line}` as levels. */
  readonly requestTopicPattern: string
  readonly request: Codec<Req, SentReq>
  readonly response: Codec<Res, SentRes>
  /**
   * Names of User Properties with the reserved prefix `__` that the application may set, for a protocol that is built on
   * this one. @defaultValue none
   */
  readonly reservedProperties?: readonly string[]
}

/**
 * Creates a command: its name, request topic and codecs. Invokers and executors both take their types from it. Throws
 * `invalid-configuration` if the name or the topic pattern is invalid.
 *
 * @example
 * ```ts
 * const press = command({ name: 'press', requestTopicPattern: 'presses/{executorId}/press', request: text, response: text })
 * ```
 */
export function command<Req, Res, SentReq = Req, SentRes = Res>(
  contract: Command<Req, Res, SentReq, SentRes>,
): Command<Req, Res, SentReq, SentRes> {
  const { name, requestTopicPattern } = contract
  if (typeof (name as unknown) !== 'string' || name === '')
    throw invalidConfiguration(
      'commandName',
      name,
      `the name of the command is ${String(name)}: it must be a string that is not empty`,
    )
  requireTopicPattern('requestTopicPattern', requestTopicPattern)
  requireOptions(contract, {
    name: 'string',
    requestTopicPattern: 'string',
    request: 'object',
    response: 'object',
    reservedProperties: 'any',
  })
  return { ...contract }
}
