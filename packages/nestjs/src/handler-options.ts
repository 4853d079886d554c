import type { EndpointTypes, RequestsOptions, ServeOptions } from '@antiphon/core'
import { pickOptions, type OptionRules } from '@antiphon/core/link'

type SubscriptionOption =
  'acknowledge' | 'authenticate' | 'drainBy' | 'drainTimeout' | 'group' | 'params' | 'qos' | 'responseTopics'

type ServingOption = 'concurrency' | 'handlerTimeout' | 'orderedBy' | 'queue' | 'shedLate'

/**
 * How messages reach a handler: some options of `requests$` and `serve`. An event handler has `group`, `qos` and
 * `drainTimeout`.
 */
export interface HandlerOptions
  extends Pick<RequestsOptions<EndpointTypes>, SubscriptionOption>, Pick<ServeOptions, ServingOption> {}

/** The names of the options; `requests$` and `serve` check their values. */
const subscriptionRules: OptionRules<Pick<HandlerOptions, SubscriptionOption>> = {
  acknowledge: 'any',
  authenticate: 'any',
  drainBy: 'any',
  drainTimeout: 'any',
  group: 'any',
  params: 'any',
  qos: 'any',
  responseTopics: 'any',
}

const servingRules: OptionRules<Pick<HandlerOptions, ServingOption>> = {
  concurrency: 'any',
  handlerTimeout: 'any',
  orderedBy: 'any',
  queue: 'any',
  shedLate: 'any',
}

export const handlerOptionRules: OptionRules<HandlerOptions> = { ...subscriptionRules, ...servingRules }

/** The options of one handler, for `requests$` and for `serve`. */
export interface SplitOptions {
  readonly subscription: Pick<HandlerOptions, SubscriptionOption>
  readonly serving: Pick<HandlerOptions, ServingOption>
}

/** Returns the options of a handler: its own in the extras of its pattern, then those of the server. */
export function optionsOf(extras: object | undefined, server: HandlerOptions): SplitOptions {
  const options = { ...server, ...extras }
  return {
    subscription: pickOptions(options, subscriptionRules),
    serving: pickOptions(options, servingRules),
  }
}
