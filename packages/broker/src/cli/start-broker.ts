import { AntiphonError } from '@antiphon/core'
import { Reason } from '@antiphon/packet'
import { AccessControl } from '../access/access-control.js'
import { createBroker } from '../broker.js'
import type { Broker } from '../broker.js'
import { openDurableStorage } from '../command/open-durable-storage.js'
import type { ListenOptions, Listener } from '../listen/listen.js'
import { serveMonitor } from '../monitor/serve-monitor.js'
import type { Monitor } from '../monitor/serve-monitor.js'
import { sysTopics$ } from '../monitor/sys-topics.js'
import { toBrokerOptions } from './broker-options.js'
import type { Config } from './config.js'
import { loadFiles } from './load-files.js'
import type { LoadedFiles } from './load-files.js'
import type { Log } from './log.js'

/** A broker that the command has started. */
export interface RunningBroker {
  readonly broker: Broker
  /**
   * Reads the files of users, rules and certificates again. Clients stay connected, except those whose user was removed. If
   * a file has a fault, reports it, and all files stay as they were.
   */
  readonly reload: () => void
  /** Closes the broker, then monitoring. */
  readonly close: () => Promise<void>
}

/** What the command provides to a broker that it starts. */
export interface StartOptions {
  readonly log: Log
  /** The version of the command. */
  readonly version: string
  /** Called before the listeners report that they are ready. */
  readonly started: (broker: RunningBroker) => void
}

/** Starts the broker that settings describe. Throws `invalid-argument` with all faults of the files that they name. */
export async function startBroker(config: Config, { log, version, started }: StartOptions): Promise<void> {
  const { listen = [{ protocol: 'tcp', port: 1883 }] } = config
  const settings = { ...config, listen }
  const files = loadFiles(settings)
  if (files.faults.length > 0) throw new AntiphonError('invalid-argument', files.faults.join('\n'))
  for (const warning of files.warnings) log.fault('warn', warning)
  const { logLevel = 'error', data, monitor, sysPeriod } = settings
  const access = new AccessControl(files.access)
  const broker = createBroker({
    ...toBrokerOptions(settings),
    authority: access.authority(),
    ...(data === undefined ? {} : { storage: await openDurableStorage(data) }),
  })
  broker.eventsFrom$(logLevel).subscribe((event) => log.event(event))
  const listeners: Listener[] = []
  let monitorServer: Monitor | undefined
  let unreadiness: string | undefined = 'the broker is starting'
  // Before the listeners report that they are ready: a signal may follow at once.
  started({
    broker,
    reload: () => apply(loadFiles(settings), { broker, access, listeners, log }),
    close: async () => {
      unreadiness = 'the broker is draining'
      await broker.close()
      await monitorServer?.close()
    },
  })
  try {
    if (monitor !== undefined) {
      monitorServer = await serveMonitor(broker, { ...monitor, unreadiness: () => unreadiness })
      log.status(`monitoring on ${monitorServer.url}`)
    }
    for (const [index, listener] of listen.entries()) {
      const { cert: _cert, key: _key, ca: _ca, crl: _crl, ...address } = listener
      const tls = files.tls[index]
      const opened = await broker.listen({
        ...address,
        ...(tls === undefined ? {} : { tls }),
      } as ListenOptions)
      listeners.push(opened)
      log.status(`listening on ${opened.url}`)
    }
    unreadiness = undefined
    if (sysPeriod !== undefined)
      sysTopics$(broker, { period: sysPeriod, version: `antiphon ${version}` }).subscribe()
  } catch (error) {
    // Its other listeners would keep the process alive.
    await broker.close().catch(() => undefined)
    await monitorServer?.close()
    throw error
  }
}

/** The parts of a running broker that a reload changes. */
interface ReloadTargets {
  readonly broker: Broker
  readonly access: AccessControl
  /** In the order of the settings. */
  readonly listeners: readonly Listener[]
  readonly log: Log
}

function apply(
  { access: sources, tls, faults, warnings }: LoadedFiles,
  { broker, access, listeners, log }: ReloadTargets,
): void {
  for (const warning of warnings) log.fault('warn', warning)
  for (const fault of faults) log.fault('error', `cannot reload: ${fault}`)
  if (faults.length > 0) return
  access.update(sources)
  for (const [index, listener] of listeners.entries()) {
    const options = tls[index]
    if (options !== undefined) listener.updateTls(options)
  }
  for (const { clientId, client } of broker.sessions())
    if (client !== undefined && !access.isKnown(client))
      broker.disconnect(clientId, Reason.notAuthorized, 'the user was removed')
  log.status('reloaded')
}
