import type { EndpointTypes, RequestsOptions, ServeOptions } from '@antiphon/core'
import type { ServeFlags } from '../flags/serve-flags.js'

/** Returns the options of `requests$` that the options of a command line mean. */
export function toRequestsOptions(flags: ServeFlags): RequestsOptions<EndpointTypes> {
  const { param, group, qos, acknowledge, responseTopics, local, drainTimeout } = flags
  return {
    ...(param !== undefined && { params: Object.fromEntries(param) }),
    ...(group !== undefined && { group }),
    ...(qos !== undefined && { qos }),
    ...(acknowledge !== undefined && { acknowledge }),
    ...(responseTopics !== undefined && { responseTopics }),
    ...(!local && { noLocal: true }),
    ...(drainTimeout !== undefined && { drainTimeout }),
  }
}

/** Returns the options of `serve` that the options of a command line mean. */
export function toServeOptions({ concurrency, queue, handlerTimeout }: ServeFlags): ServeOptions {
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(queue !== undefined && { queue }),
    ...(handlerTimeout !== undefined && { handlerTimeout }),
  }
}
