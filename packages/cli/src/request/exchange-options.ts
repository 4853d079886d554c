import type { ExchangeOptions } from '@antiphon/core'
import type { ExchangeFlags } from '../flags/exchange-flags.js'

/** Returns the options of an exchange that the options of a command line mean. */
export function toExchangeOptions(flags: ExchangeFlags, traceParent?: string): ExchangeOptions {
  const { timeout, qos, property, responseTopic, onDisconnect, failFast, strictResponses } = flags
  const { retries, attemptTimeout } = flags
  const { correlation = 'data', dialect } = flags
  const isCorrelatedByData =
    dialect === undefined ? /^(data|bytes)$/.test(correlation) : dialect === 'azure-iot-operations'
  const userProperties = [
    ...(property ?? []),
    ...(traceParent === undefined ? [] : [['traceparent', traceParent] as const]),
  ]
  const steps = Object.entries({
    connection: flags.connectionTimeout,
    subscription: flags.subscriptionTimeout,
    acknowledgement: flags.acknowledgementTimeout,
    response: flags.responseTimeout,
  }).filter(([, limit]) => limit !== undefined)
  return {
    failFast,
    ...(timeout !== undefined && { timeout }),
    ...(steps.length > 0 && { stepTimeouts: Object.fromEntries(steps) }),
    ...(retries !== undefined && {
      retry: { count: retries, ...(attemptTimeout !== undefined && { attemptTimeout }) },
    }),
    ...(qos !== undefined && { qos }),
    ...(userProperties.length > 0 && { userProperties }),
    ...(responseTopic !== undefined && isCorrelatedByData && { responseTopic }),
    ...(onDisconnect !== undefined && { onDisconnect }),
    ...(strictResponses !== undefined && { strictResponses }),
  }
}
