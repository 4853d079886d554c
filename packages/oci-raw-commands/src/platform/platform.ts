import { createBroker, type Broker, type ListenOptions, type Listener } from '@antiphon/broker'
import { AntiphonError, type Message } from '@antiphon/core'
import { deadlines as deadlinesOn, quoted } from '@antiphon/core/link'
import { either } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import { randomUUID } from 'node:crypto'
import { asyncScheduler, defer, Subject, throwError, type Observable, type SchedulerLike } from 'rxjs'
import { isFinished, type CommandRecord, type RecordSummary } from '../record.js'
import { Command } from './command.js'
import { httpApi } from './http-api.js'
import { registry, type Instance } from './registry.js'
import { validate, type FieldFault } from './validate.js'

/** What the stand-in is made of. */
export interface PlatformOptions {
  readonly instances: readonly Instance[]
  /** The clock and timer of everything. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /** How many records are kept; the oldest finished ones go first. @defaultValue 10 000 */
  readonly recordsKept?: number
}

/** A message of a device that is no answer to a command. */
export interface Telemetry {
  readonly instanceId: string
  readonly message: Message
}

/** Why nothing was invoked. */
export type InvokeFault =
  { readonly kind: 'unknown-instance' } | { readonly kind: 'invalid'; readonly faults: readonly FieldFault[] }

/** A stand-in of the OCI IoT Platform: devices on one side, who invokes them on the other. */
export interface Platform {
  /** Accepts devices. The platform itself has TLS on 8883, and WebSockets over TLS on 443 with the path `/mqtt`. */
  readonly listen: (options: ListenOptions) => Promise<Listener>
  /** Serves the HTTP API on the loopback interface; 0 takes any free port. */
  readonly listenHttp: (
    port?: number,
  ) => Promise<{ readonly url: string; readonly close: () => Promise<void> }>
  /** What `POST …/actions/invokeRawCommand` does; gives the record's id. */
  readonly invoke: (instanceId: string, body: unknown) => Either<InvokeFault, string>
  readonly record: (id: string) => CommandRecord | undefined
  /** All records, or those of one instance, without what was said. */
  readonly records: (instanceId?: string) => readonly RecordSummary[]
  /** Every change of a record. Hot; completes when the platform is closed. */
  readonly changes$: Observable<CommandRecord>
  /** What devices send that answers nothing. Hot; completes when the platform is closed. */
  readonly telemetry$: Observable<Telemetry>
  /** The broker that the devices see. */
  readonly broker: Broker
  readonly close: () => Promise<void>
}

/** Starts the stand-in; it accepts nobody until it is told where to listen. */
export function createPlatform({
  instances,
  scheduler = asyncScheduler,
  recordsKept = 10_000,
}: PlatformOptions): Platform {
  const deadlines = deadlinesOn(scheduler)
  const commands = new Map<string, Command>()
  const open = new Set<Command>()
  const changes$ = new Subject<CommandRecord>()
  const telemetry$ = new Subject<Telemetry>()
  const servers = new Set<{ readonly close: () => Promise<void> }>()

  // A set keeps its order: the first that waits on this endpoint is the first that was invoked.
  const received = (instanceId: string, message: Message): void => {
    for (const command of open) {
      const { record, isOut } = command
      const isAnswer =
        isOut && record.digital_twin_instance_id === instanceId && record.response_endpoint === message.topic
      if (isAnswer) return command.answered(message.payload)
    }
    telemetry$.next({ instanceId, message })
  }
  const devices = registry(instances, received)
  const broker = createBroker({
    scheduler,
    authority: devices.authority,
    protocolVersions: [4],
    maximumQoS: 1,
    sharedSubscriptions: false,
    assignsClientIds: false,
  })

  const makeRoom = (): void => {
    for (const [id, { record }] of commands) {
      if (commands.size < recordsKept) return
      if (isFinished(record)) commands.delete(id)
    }
  }
  const invoke: Platform['invoke'] = (instanceId, body) => {
    if (devices.instance(instanceId) === undefined) return either.left({ kind: 'unknown-instance' })
    const order = validate(body)
    if (either.isLeft(order)) return either.left({ kind: 'invalid', faults: order.left })
    const { endpoint: topic, payload } = order.right
    const id = randomUUID()
    const command = new Command({
      id,
      instanceId,
      order: order.right,
      scheduler,
      deadlines,
      delivery$: defer(() => {
        const clientId = devices.clientIdOf(instanceId)
        return clientId === undefined
          ? throwError(() => new AntiphonError('no-responder', `${quoted(instanceId)} keeps no session`))
          : broker.deliver$(clientId, { topic, payload, qos: 1 })
      }),
      changed: (record) => {
        if (isFinished(record)) open.delete(command)
        changes$.next(record)
      },
    })
    makeRoom()
    commands.set(id, command)
    open.add(command)
    command.start()
    return either.right(id)
  }

  const platform: Platform = {
    listen: broker.listen,
    listenHttp: async (port = 0) => {
      const server = await httpApi(platform, port)
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
      for (const command of open) command.abandon()
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
