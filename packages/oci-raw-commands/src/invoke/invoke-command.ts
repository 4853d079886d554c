import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { v4 } from 'uuid'
import type { Invocation } from '../invocation.js'
import { callPlatform, type PlatformAddress } from './call-platform.js'
import type { InvokedCommand } from './command-records.js'
import { toJsonText } from './raw-json.js'

/** The options of `invokeCommand`. */
export interface InvokeCommandOptions extends PlatformAddress {
  /**
   * Identifies the command for 24 hours: invoking it again with the same token delivers nothing new. Set it to try again
   * after an error. @defaultValue a new one for each call
   */
  readonly retryToken?: string
  /** The scheduler of all timers. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/**
 * Invokes a raw command; resolves when the platform has accepted it, before its delivery. Rejects with `invalid-argument`
 * and the fields that the platform rejects, or with `connection-lost` if the platform cannot be reached.
 */
export async function invokeCommand(
  instanceId: string,
  invocation: Invocation,
  { retryToken = v4(), scheduler = asyncScheduler, ...platform }: InvokeCommandOptions,
): Promise<InvokedCommand> {
  const invokedAt = scheduler.now()
  const path = `digitalTwinInstances/${encodeURIComponent(instanceId)}/actions/invokeRawCommand`
  const { headers } = await callPlatform(platform, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'opc-retry-token': retryToken },
    body: toJsonText(invocation),
  })
  const requestId = headers.get('opc-request-id') ?? ''
  const location = headers.get('location')
  const command = { requestId, instanceId, invocation, invokedAt }
  return location === null ? command : { ...command, location }
}
