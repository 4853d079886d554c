import { correlationData, endpoint, type Endpoint } from '@antiphon/core'
import type { Command } from './command.js'

/** The topics of a command's endpoint, as templates of core. */
export interface CommandTopics {
  readonly topic: string
  /** @defaultValue the requester's own */
  readonly responseTopic?: string
  /** @defaultValue `responseTopic` */
  readonly responseFilter?: string
}

/**
 * Creates the endpoint of a command, for programs that send or serve it with core. Use it over a `mrpcLink`, and serve it with
 * `acknowledge: 'after-response'` and `controlTopic: false`; `invokeCommand$` and `executeCommand$` do so.
 *
 * @example
 * ```ts
 * exchange$(mrpcLink(link), commandEndpoint(press, { topic: 'presses/press-7/press' }), 'gently')
 * ```
 */
export function commandEndpoint<Req, Res, SentReq, SentRes>(
  { name, request, response, reservedProperties = [] }: Command<Req, Res, SentReq, SentRes>,
  topics: CommandTopics,
): Endpoint {
  return endpoint({
    name,
    ...topics,
    request,
    response,
    correlation: correlationData({ format: 'bytes' }),
    cancel: 'local',
    reservedProperties,
  })
}
