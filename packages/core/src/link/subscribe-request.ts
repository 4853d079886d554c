import { invalidArgument } from '../argument.js'
import { assertTopicFilter, isSharedFilter } from '../topic/topic-filter.js'
import type { SubscribeOptions } from './link.js'
import type { SubscribeRequest } from './transport.js'

const rules = {
  qos: { isValid: (value: unknown) => value === 0 || value === 1 || value === 2, allowed: '0, 1 or 2' },
  noLocal: { isValid: (value: unknown) => typeof value === 'boolean', allowed: 'true or false' },
  retainAsPublished: { isValid: (value: unknown) => typeof value === 'boolean', allowed: 'true or false' },
  retainHandling: {
    isValid: (value: unknown) => value === 0 || value === 1 || value === 2,
    allowed: '0, 1 or 2',
  },
} as const
const names = Object.keys(rules) as readonly (keyof typeof rules)[]

/** Returns a filter with complete subscription options; throws `invalid-argument` if the filter or an option is invalid. */
export function toSubscribeRequest(filter: string, options: SubscribeOptions): SubscribeRequest {
  assertTopicFilter(filter)
  const { qos = 1, noLocal = false, retainAsPublished = false, retainHandling = 0 } = options
  const request = { filter, qos, noLocal, retainAsPublished, retainHandling }
  for (const name of names) {
    const { isValid, allowed } = rules[name]
    if (isValid(request[name])) continue
    throw invalidArgument(
      `${name} of the subscription to ${filter} is ${String(request[name])}: it must be ${allowed}`,
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

/** Returns the error of a second subscription to a filter with different options: MQTT has one per filter and client. */
export function conflictBetween(current: SubscribeRequest, requested: SubscribeRequest): Error | undefined {
  const name = names.find((name) => current[name] !== requested[name])
  if (name === undefined) return undefined
  const both = `${name} ${current[name]} and ${name} ${requested[name]}`
  return invalidArgument(
    `cannot subscribe to ${current.filter} with ${both}: a link has one subscription per filter; use the same options, or another link`,
    current.filter,
  )
}
