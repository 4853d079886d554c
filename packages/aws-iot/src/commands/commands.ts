import {
  exchange$,
  requests$,
  serve,
  type Codec,
  type Link,
  type ReceivedRequest,
  type ServeOptions,
  type ServeRecord,
} from '@antiphon/core'
import { defaultIfEmpty, defer, from, map, take, type Observable, type ObservableInput } from 'rxjs'
import { notifications$, type NotificationOptions } from '../service/notifications.js'
import type { CallOptions } from '../service/operation.js'
import { commandEndpoint, commandUpdates, type CommandTypes } from './endpoints.js'
import {
  commandRejectionCodec,
  type CommandRejection,
  type CommandUpdate,
  type ResultValue,
  type UpdatedCommand,
} from './executions.js'

/** The device of a command: a thing, or an MQTT client that is not registered as a thing. */
export type CommandDevice = { readonly thing: string } | { readonly client: string }

/** The result of a command, by name. */
export type CommandResult = Readonly<Record<string, boolean | string>>

/** A command that AWS has sent; the id of its execution is `params.execution`. */
export type ReceivedCommand<Payload> = ReceivedRequest<CommandTypes<Payload>>

/** Carries out a command: emits its result, or completes without one. */
export type CommandHandler<Payload> = (command: ReceivedCommand<Payload>) => ObservableInput<CommandResult>

/**
 * Serves the commands that AWS sends to a device, and emits a record of each.
 *
 * The execution becomes `SUCCEEDED` with the first result of the handler, or without one if it completes; `FAILED` if the
 * handler fails, with the code and message of an `ApplicationError` as reason; `REJECTED` if the payload does not decode or
 * too many commands wait. A command that is delivered twice runs once.
 *
 * @example
 * ```ts
 * serveCommands$(link, json(Reboot), ({ value }) => reboot(value), { thing: 'lamp' }).subscribe()
 * ```
 */
export function serveCommands$<Payload>(
  link: Link,
  payload: Codec<Payload>,
  handler: CommandHandler<Payload>,
  device: CommandDevice,
  options?: ServeOptions<CommandTypes<Payload>>,
): Observable<ServeRecord<CommandTypes<Payload>>> {
  const handle = (command: ReceivedCommand<Payload>): Observable<CommandUpdate> =>
    from(handler(command)).pipe(
      take(1),
      defaultIfEmpty({}),
      map((result) => ({ status: 'SUCCEEDED' as const, result: toResult(result) })),
    )
  return defer(() =>
    requests$(link, commandEndpoint(payload), { params: paramsOf(device) }).pipe(serve(handle, options)),
  )
}

/**
 * Updates a command execution when it is subscribed to, for example to `IN_PROGRESS` while its handler runs.
 *
 * - *next*: the service has accepted the update. Wait for it before the next one.
 * - *error*: `status` with `status.code` 404 without such an execution, 409 if it has ended; the name of the error is in
 *   `status.applicationCode`. `timeout`.
 */
export function updateCommand$(
  link: Link,
  execution: string,
  update: CommandUpdate,
  device: CommandDevice,
  options?: CallOptions,
): Observable<UpdatedCommand> {
  return defer(() =>
    exchange$(link, commandUpdates, { params: { ...paramsOf(device), execution }, value: update }, options),
  )
}

/** Emits the updates of a device that the service has rejected, those of `serveCommands$` included. */
export function commandRejections$(
  link: Link,
  device: CommandDevice,
  options: NotificationOptions = {},
): Observable<CommandRejection> {
  return defer(() => {
    const topic = commandUpdates.topic.filter(paramsOf(device)).replace(/json$/, 'rejected/json')
    return notifications$(link, topic, commandRejectionCodec, options)
  })
}

function paramsOf(device: CommandDevice): { readonly kind: string; readonly device: string } {
  return 'thing' in device
    ? { kind: 'things', device: device.thing }
    : { kind: 'clients', device: device.client }
}

function toResult(result: CommandResult): Readonly<Record<string, ResultValue>> {
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? { b: value } : { s: value },
    ]),
  )
}
