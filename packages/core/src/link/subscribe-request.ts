import { invalidArgument } from '../argument.js'
import { assertTopicFilter, isSharedFilter } from '../topic/topic-filter.js'
import type { SubscribeOptions } from './link.js'
import type { SubscribeRequest } from './transport.js'

const rules = {
  qos: { isFit: (value: unknown) => value === 0 || value === 1 || value === 2, must: '0, 1 or 2' },
  noLocal: { isFit: (value: unknown) => typeof value === 'boolean', must: 'true or false' },
  retainAsPublished: { isFit: (value: unknown) => typeof value === 'boolean', must: 'true or false' },
  retainHandling: { isFit: (value: unknown) => value === 0 || value === 1 || value === 2, must: '0, 1 or 2' },
} as const
const names = Object.keys(rules) as readonly (keyof typeof rules)[]

/** A line of a SUBSCRIBE packet, with the defaults; throws `invalid-argument` where a filter or an option is unfit. */
export function toSubscribeRequest(filter: string, options: SubscribeOptions): SubscribeRequest {
  assertTopicFilter(filter)
  const { qos = 1, noLocal = false, retainAsPublished = false, retainHandling = 0 } = options
  const request = { filter, qos, noLocal, retainAsPublished, retainHandling }
  for (const name of names) {
    const { isFit, must } = rules[name]
    if (isFit(request[name])) continue
    throw invalidArgument(
      `${name} of the subscription to ${filter} is ${String(request[name])}: it must be ${must}`,
      filter,
    )
  }
  if (noLocal && isSharedFilter(filter)) {
    throw invalidArgument(
      `noLocal is not allowed on the shared filter ${filter} [MQTT-3.8.3-4]; leave it out`,
      filter,
    )
  }
  return request
}

/** The error of two requests for one filter that differ; MQTT knows one subscription per filter and client. */
export function conflictOf(known: SubscribeRequest, wanted: SubscribeRequest): Error | undefined {
  const name = names.find((name) => known[name] !== wanted[name])
  if (name === undefined) return undefined
  const both = `${name} ${known[name]} and ${name} ${wanted[name]}`
  return invalidArgument(
    `${known.filter} is asked for with ${both}: one link can hold it once; use the same options, or another link`,
    known.filter,
  )
}
