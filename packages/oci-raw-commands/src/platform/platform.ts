import { createBroker, type Broker, type ListenOptions, type Listener, type Storage } from '@antiphon/broker'
import { AntiphonError, type Message } from '@antiphon/core'
import { deadlines as deadlinesOn } from '@antiphon/core/link'
import { either } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import { randomUUID } from 'node:crypto'
import { asyncScheduler, Subject, type Observable, type SchedulerLike } from 'rxjs'
import { isFinished, type CommandRecord, type RecordSummary } from '../record.js'
import { CommandDelivery, type CommandDeliveryParts } from './command-delivery.js'
import { deliverToDevice$ } from './deliver-to-device.js'
import { httpApi, type HttpListenOptions } from './http-api.js'
import { PlatformJournal } from './platform-journal.js'
import { registry, type Instance } from './registry.js'
import { parseInvocation, type FieldFault, type ParsedInvocation } from './parse-invocation.js'
import { RetryTokens } from './retry-tokens.js'
import { commandKey, keys, readEntries, toInvocation, toStoredCommand } from './stored-platform.js'

/** The options of a local platform. */
export interface PlatformOptions {
  /** The digital twin instances: the devices. */
  readonly instances: readonly Instance[]
  /** The scheduler of all timers and clock reads. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /**
   * The stores of the devices' sessions and of the commands. What was accepted or acknowledged then survives the process: records,
   * commands that wait for their device, retry tokens. @defaultValue none: all is lost with the process
   */
  readonly storage?: PlatformStorage
  /** How many records to keep; beyond that, the oldest finished record is removed. @defaultValue 10 000 */
  readonly maxRecords?: number
}

/** The stores of a platform; they must not be the same. */
export interface PlatformStorage {
  readonly sessions: Storage
  readonly commands: Storage
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
  /** Resolves when what was stored has been loaded; await it before `invoke`. Rejects if the storage cannot be read. */
  readonly ready: Promise<void>
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
  /** Resolves when all changes of records so far are durable; at once without a storage. */
  readonly settled: () => Promise<void>
  /** Emits when a change of a record cannot be stored; it is stored again after a second. Hot. */
  readonly storageFailures$: Observable<AntiphonError>
  /** Emits every change of a record. Hot; completes when the platform is closed. */
  readonly changes$: Observable<CommandRecord>
  /** Emits messages of devices that are not responses. Hot; completes when the platform is closed. */
  readonly telemetry$: Observable<Telemetry>
  /** The broker that devices connect to. */
  readonly broker: Broker
  readonly close: () => Promise<void>
  /** Calls `close`, at the end of the block of an `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Creates a local platform without listeners. */
export function createPlatform({
  instances,
  scheduler = asyncScheduler,
  maxRecords = 10_000,
  storage,
}: PlatformOptions): Platform {
  const deadlines = deadlinesOn(scheduler)
  const commands = new Map<string, CommandDelivery>()
  /** The number of each command, by which it is stored. */
  const sequences = new Map<CommandDelivery, number>()
  let lastSequence = 0
  const pending = new Set<CommandDelivery>()
  const changes$ = new Subject<CommandRecord>()
  const telemetry$ = new Subject<Telemetry>()
  const storageFailures$ = new Subject<AntiphonError>()
  const journal =
    storage &&
    new PlatformJournal({
      storage: storage.commands,
      scheduler,
      onFailure: (error) => storageFailures$.next(AntiphonError.from(error)),
    })
  const retryTokens = new RetryTokens({
    deadlines,
    now: () => scheduler.now(),
    store: (key, token) => journal?.put(keys.token + key, token),
  })
  const servers = new Set<{ readonly close: () => Promise<void> }>()

  // A set iterates in insertion order, so the oldest matching command gets the response.
  const handleMessage = (instanceId: string, message: Message): void => {
    for (const command of pending) {
      const { record, isSent } = command
      const isResponse =
        isSent && record.digital_twin_instance_id === instanceId && record.response_endpoint === message.topic
      if (isResponse) return command.handleResponse(message.payload)
    }
    telemetry$.next({ instanceId, message })
  }
  const load = async (): Promise<void> => {
    readEntries((await journal?.load()) ?? [], {
      command: (sequence, stored) => {
        lastSequence = sequence
        const { id, digital_twin_instance_id: instanceId } = stored.record
        const command = add(id, instanceId, { invocation: toInvocation(stored), stored })
        if (!isFinished(stored.record)) pending.add(command)
      },
      clientIds: (instanceId, clientIds) => devices.restore(instanceId, clientIds),
      token: (key, token) => retryTokens.add(key, token),
    })
    // Subscribes to the broker's deliveries, which wait until the sessions are restored.
    for (const command of [...pending]) command.resume()
  }
  const loading = journal && Promise.resolve().then(load)
  const devices = registry(instances, {
    onPublish: (instanceId, message) => {
      handleMessage(instanceId, message)
      // A response must be durable before the device may forget it.
      return journal?.settled()
    },
    onClientIds: (instanceId, clientIds) => journal?.put(keys.clientIds + instanceId, clientIds),
    ready: loading,
  })
  const broker = createBroker({
    scheduler,
    ...(storage === undefined ? {} : { storage: storage.sessions }),
    authority: devices.authority,
    protocolVersions: [4],
    maximumQoS: 1,
    sharedSubscriptions: false,
    assignsClientIds: false,
  })

  const evictRecords = (): void => {
    for (const [id, { record }] of commands) {
      if (commands.size < maxRecords) return
      if (!isFinished(record)) continue
      const command = commands.get(id)
      commands.delete(id)
      if (command === undefined) continue
      journal?.put(commandKey(sequences.get(command) ?? 0), undefined)
      sequences.delete(command)
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
  const add = (
    id: string,
    instanceId: string,
    parts: Pick<CommandDeliveryParts, 'invocation' | 'stored'>,
  ): CommandDelivery => {
    const { endpoint: topic, payload } = parts.invocation
    const command = new CommandDelivery({
      ...parts,
      id,
      instanceId,
      scheduler,
      deadlines,
      delivery$: deliverToDevice$(
        broker,
        { instanceId, clientIds: () => devices.clientIdsOf(instanceId) },
        { topic, payload, qos: 1 },
      ),
      onChange: (record) => {
        if (isFinished(record)) pending.delete(command)
        journal?.put(
          commandKey(sequences.get(command) ?? 0),
          toStoredCommand(command.toStored(), parts.invocation),
        )
        changes$.next(record)
      },
    })
    sequences.set(command, parts.stored === undefined ? ++lastSequence : lastSequence)
    commands.set(id, command)
    return command
  }
  const start = (instanceId: string, invocation: ParsedInvocation): string => {
    const id = randomUUID()
    evictRecords()
    const command = add(id, instanceId, { invocation })
    pending.add(command)
    command.start()
    return id
  }
  const ready = loading ?? Promise.resolve()
  // `listen` and `listenHttp` report it; without either, it must not be an unhandled rejection.
  ready.catch(() => undefined)

  const platform: Platform = {
    ready,
    listen: async (options) => {
      await ready
      return broker.listen(options)
    },
    listenHttp: async (options = {}) => {
      await ready
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
    settled: () => journal?.settled() ?? Promise.resolve(),
    storageFailures$: storageFailures$.asObservable(),
    changes$: changes$.asObservable(),
    telemetry$: telemetry$.asObservable(),
    broker,
    close: async () => {
      for (const command of pending) command.cancel()
      deadlines.clear()
      await Promise.all([...servers].map((server) => server.close()))
      await broker.close()
      await journal?.close()
      changes$.complete()
      telemetry$.complete()
    },
    [Symbol.asyncDispose]: () => platform.close(),
  }
  return platform
}

function toSummary({ request_data: _, response_data: __, ...summary }: CommandRecord): RecordSummary {
  return summary
}
