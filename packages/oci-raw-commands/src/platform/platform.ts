import { createBroker, type Broker, type ListenOptions, type Listener } from '@antiphon/broker'
import type { Message } from '@antiphon/core'
import { deadlines as deadlinesOn } from '@antiphon/core/link'
import { either } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import { randomUUID } from 'node:crypto'
import { asyncScheduler, Subject, type Observable, type SchedulerLike } from 'rxjs'
import { isFinished, type CommandRecord, type RecordSummary } from '../record.js'
import { CommandDelivery } from './command-delivery.js'
import { deliverToDevice$ } from './deliver-to-device.js'
import { httpApi, type HttpListenOptions } from './http-api.js'
import { registry, type Instance } from './registry.js'
import { parseInvocation, type FieldFault, type ParsedInvocation } from './parse-invocation.js'
import { RetryTokens } from './retry-tokens.js'

/** The options of a local platform. */
export interface PlatformOptions {
  readonly instances: readonly Instance[]
  /** The scheduler of all timers and clock reads. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /** How many records to keep; beyond that, the oldest finished record is removed. @defaultValue 10 000 */
  readonly maxRecords?: number
}

/** A message of a device that is not a response to a command. */
export interface Telemetry {
  readonly instanceId: string
  readonly message: Message
}

/** The reason why an invocation was rejected. */
export type InvokeFault =
  | { readonly kind: 'unknown-instance' }
  | { readonly kind: 'invalid'; readonly faults: readonly FieldFault[] }
  /** The retry token belongs to an invocation with another body. */
  | { readonly kind: 'token-reused' }

/** The options of an invocation. */
export interface InvokeCallOptions {
  /** Identifies the invocation for 24 hours: repeating it with the same token returns the same id and delivers nothing. */
  readonly retryToken?: string
}

/** A local stand-in for the OCI IoT Platform. Devices connect over MQTT; commands are invoked over HTTP or by `invoke`. */
export interface Platform {
  /** Listens for devices. The real platform has TLS on 8883, and WebSockets over TLS on 443 with the path `/mqtt`. */
  readonly listen: (options: ListenOptions) => Promise<Listener>
  /** Serves the HTTP API, by default on the loopback interface. */
  readonly listenHttp: (
    options?: HttpListenOptions,
  ) => Promise<{ readonly url: string; readonly close: () => Promise<void> }>
  /**
   * Invokes a command, like `POST …/actions/invokeRawCommand`; returns the id of its record. `body` is a value, or its JSON
   * text: then the device gets the numbers and the order of members of `requestData` as they are written.
   */
  readonly invoke: (
    instanceId: string,
    body: unknown,
    options?: InvokeCallOptions,
  ) => Either<InvokeFault, string>
  readonly record: (id: string) => CommandRecord | undefined
  /** Returns all records, or the records of one instance, without payloads. */
  readonly records: (instanceId?: string) => readonly RecordSummary[]
  /** Emits every change of a record. Hot; completes when the platform is closed. */
  readonly changes$: Observable<CommandRecord>
  /** Emits messages of devices that are not responses. Hot; completes when the platform is closed. */
  readonly telemetry$: Observable<Telemetry>
  /** The broker that devices connect to. */
  readonly broker: Broker
  readonly close: () => Promise<void>
}

/** Creates a local platform without listeners. */
export function createPlatform({
  instances,
  scheduler = asyncScheduler,
  maxRecords = 10_000,
}: PlatformOptions): Platform {
  const deadlines = deadlinesOn(scheduler)
  const commands = new Map<string, CommandDelivery>()
  const pending = new Set<CommandDelivery>()
  const changes$ = new Subject<CommandRecord>()
  const telemetry$ = new Subject<Telemetry>()
  const retryTokens = new RetryTokens(deadlines)
  const servers = new Set<{ readonly close: () => Promise<void> }>()

  // A set iterates in insertion order, so the oldest matching command gets the response.
  const onPublish = (instanceId: string, message: Message): void => {
    for (const command of pending) {
      const { record, isSent } = command
      const isResponse =
        isSent && record.digital_twin_instance_id === instanceId && record.response_endpoint === message.topic
      if (isResponse) return command.handleResponse(message.payload)
    }
    telemetry$.next({ instanceId, message })
  }
  const devices = registry(instances, onPublish)
  const broker = createBroker({
    scheduler,
    authority: devices.authority,
    protocolVersions: [4],
    maximumQoS: 1,
    sharedSubscriptions: false,
    assignsClientIds: false,
  })

  const evictRecords = (): void => {
    for (const [id, { record }] of commands) {
      if (commands.size < maxRecords) return
      if (isFinished(record)) commands.delete(id)
    }
  }
  const invoke: Platform['invoke'] = (instanceId, body, { retryToken } = {}) => {
    if (devices.instance(instanceId) === undefined) return either.left({ kind: 'unknown-instance' })
    const invocation = parseInvocation(body)
    if (either.isLeft(invocation)) return either.left({ kind: 'invalid', faults: invocation.left })
    if (retryToken === undefined) return either.right(start(instanceId, invocation.right))
    return retryTokens.once({ instanceId, token: retryToken, body }, () =>
      start(instanceId, invocation.right),
    )
  }
  const start = (instanceId: string, invocation: ParsedInvocation): string => {
    const { endpoint: topic, payload } = invocation
    const id = randomUUID()
    const command = new CommandDelivery({
      id,
      instanceId,
      invocation,
      scheduler,
      deadlines,
      delivery$: deliverToDevice$(
        broker,
        { instanceId, clientIds: () => devices.clientIdsOf(instanceId) },
        { topic, payload, qos: 1 },
      ),
      onChange: (record) => {
        if (isFinished(record)) pending.delete(command)
        changes$.next(record)
      },
    })
    evictRecords()
    commands.set(id, command)
    pending.add(command)
    command.start()
    return id
  }

  const platform: Platform = {
    listen: broker.listen,
    listenHttp: async (options = {}) => {
      const server = await httpApi({ platform, commands, changes$ }, options)
      servers.add(server)
      return server
    },
    invoke,
    record: (id) => commands.get(id)?.record,
    records: (instanceId) =>
      [...commands.values()]
        .map(({ record }) => toSummary(record))
        .filter((record) => instanceId === undefined || record.digital_twin_instance_id === instanceId),
    changes$: changes$.asObservable(),
    telemetry$: telemetry$.asObservable(),
    broker,
    close: async () => {
      for (const command of pending) command.cancel()
      deadlines.clear()
      await Promise.all([...servers].map((server) => server.close()))
      await broker.close()
      changes$.complete()
      telemetry$.complete()
    },
  }
  return platform
}

function toSummary({ request_data: _, response_data: __, ...summary }: CommandRecord): RecordSummary {
  return summary
}
