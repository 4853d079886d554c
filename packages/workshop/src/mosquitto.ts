import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { foreignCommand } from './foreign.js'
import { reservePort, type ReservedPort } from './reserve-port.js'

/** Files of a TLS listener. */
export interface MosquittoTls {
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
  /**
   * Whether clients must present a certificate; its common name is their user name.
   *
   * @defaultValue `false`
   */
  readonly requireCertificate?: boolean
}

/** Options of a broker. Anonymous clients are accepted unless `config` contains `allow_anonymous`. */
export interface MosquittoOptions {
  /** Further lines of the configuration, after the plain TCP listener. */
  readonly config?: readonly string[]
  /**
   * The folder of the state, which survives restarts. The state is written after every change, so that it survives a kill,
   * unless `config` contains `autosave_on_changes`.
   */
  readonly persistence?: string
  /** Additional environment variables. */
  readonly env?: NodeJS.ProcessEnv
  /**
   * Whether to add a WebSocket listener.
   *
   * @defaultValue `false`
   */
  readonly websockets?: boolean
  /** Adds a TLS listener. */
  readonly tls?: MosquittoTls
}

/** A running Mosquitto on the loopback interface. */
export interface Mosquitto {
  readonly port: number
  /** The URL `mqtt://127.0.0.1:<port>`. */
  readonly url: string
  /** Present with `websockets`. */
  readonly wsPort?: number
  readonly wsUrl?: string
  /** Present with `tls`; the host name is `localhost`, as in `makeCertificates`. */
  readonly tlsPort?: number
  readonly tlsUrl?: string
  /** Returns the process id; `undefined` if the broker is not running. */
  readonly pid: () => number | undefined
  /** Sends a signal, SIGKILL by default, and resolves when the process has exited. `restart()` starts it again. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  /** Stops the broker if it is running, starts it on the same ports, and resolves when it listens. */
  readonly restart: () => Promise<void>
  /** Stops the broker finally and deletes its files, except for the persistence folder. */
  readonly stop: () => Promise<void>
  /** The lines of its log over all restarts. Grows while the broker runs. */
  readonly log: string[]
}

const maxAttempts = 20
const attemptPeriod = 100
const signalPeriod = 500
/** What Mosquitto logs when all its listeners are open, and when it cannot open one. */
const runningLine = /^(\d+: )?mosquitto version \S+ running$/
const portInUseLine = /Address already in use|Unable to create websockets listener/

/**
 * Starts Mosquitto on free ports; resolves when it listens on all of them.
 *
 * Mosquitto cannot choose ports, so these are reserved. If another program takes one, other ports are tried. The broker's
 * own log tells when it listens: a connection could be accepted by another broker.
 */
export async function startMosquitto(
  options: MosquittoOptions = {},
  reserve: () => Promise<ReservedPort> = reservePort,
): Promise<Mosquitto> {
  const command = foreignCommand('mosquitto')
  if (command === undefined) throw new Error('mosquitto is not installed: apt-get install -y mosquitto')
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-mosquitto-'))
  const file = join(folder, 'mosquitto.conf')
  const log: string[] = []

  let broker: ChildProcess | undefined
  const isRunning = (): boolean => broker?.exitCode === null && broker.signalCode === null
  const killNow = (): void => void broker?.kill('SIGKILL')

  /** Starts the process; resolves with `false` if a port is in use. */
  const start = async (): Promise<boolean> => {
    const firstLine = log.length
    const child = spawn(command, ['-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...options.env },
    })
    broker = child
    const lines = createInterface({ input: child.stderr })
    const isReady = await new Promise<boolean>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', () => resolve(false))
      lines.on('line', (line) => {
        log.push(line)
        if (runningLine.test(line)) resolve(true)
      })
    })
    if (isReady) return true
    const output = log.slice(firstLine)
    if (output.some((line) => portInUseLine.test(line))) return false
    throw new Error(`cannot start mosquitto: it exited:\n${output.join('\n')}`)
  }
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const exit = broker === undefined ? undefined : once(broker, 'exit')
    // Mosquitto may miss a signal right after it has started to listen, so the signal is repeated.
    for (; isRunning(); await Promise.race([exit, wait(signalPeriod, undefined, { ref: false })]))
      broker?.kill(signal)
  }

  let ports: Ports = {}
  const startOnFreePorts = async (): Promise<void> => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      releaseAll(ports)
      ports = await reservePorts(options, reserve)
      await writeFile(file, configuration(options, ports).join('\n') + '\n')
      if (await start()) return
    }
    throw new Error(`cannot start mosquitto: ${maxAttempts} times a port was in use:\n${log.join('\n')}`)
  }
  const restart = async (): Promise<void> => {
    await kill('SIGTERM')
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (await start()) return
      await wait(attemptPeriod)
    }
    throw new Error(`cannot restart mosquitto: a port is in use:\n${log.join('\n')}`)
  }
  const stop = async (): Promise<void> => {
    process.off('exit', killNow)
    await kill('SIGTERM')
    releaseAll(ports)
    await rm(folder, { recursive: true, force: true })
  }

  process.on('exit', killNow)
  await startOnFreePorts().catch(async (error: unknown) => {
    await stop()
    throw error
  })
  const [port, wsPort, tlsPort] = [ports.tcp?.port ?? 0, ports.ws?.port, ports.tls?.port]
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    ...(wsPort !== undefined && { wsPort, wsUrl: `ws://127.0.0.1:${wsPort}` }),
    ...(tlsPort !== undefined && { tlsPort, tlsUrl: `mqtts://localhost:${tlsPort}` }),
    pid: () => (isRunning() ? broker?.pid : undefined),
    kill,
    restart,
    stop,
    log,
  }
}

/** The ports of the listeners. */
type Ports = Readonly<Partial<Record<'tcp' | 'ws' | 'tls', ReservedPort>>>

async function reservePorts(
  { websockets = false, tls }: MosquittoOptions,
  reserve: () => Promise<ReservedPort>,
): Promise<Ports> {
  return {
    tcp: await reserve(),
    ...(websockets && { ws: await reserve() }),
    ...(tls !== undefined && { tls: await reserve() }),
  }
}

function releaseAll(ports: Ports): void {
  for (const { release } of Object.values(ports)) release()
}

function configuration({ config = [], persistence, tls }: MosquittoOptions, ports: Ports): readonly string[] {
  const isConfigured = (name: string): boolean => config.some((line) => line.trim().startsWith(`${name} `))
  return [
    // By default Mosquitto started as root switches to another user, which may not write to the folders of the test.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    'log_dest stderr',
    // Errors and information tell how the start ended.
    ...['error', 'information', ...(isConfigured('log_type') ? [] : ['warning', 'notice'])].map(
      (type) => `log_type ${type}`,
    ),
    ...(isConfigured('allow_anonymous') ? [] : ['allow_anonymous true']),
    ...(persistence === undefined ? [] : ['persistence true', `persistence_location ${persistence}/`]),
    ...(persistence === undefined || isConfigured('autosave_on_changes')
      ? []
      : ['autosave_on_changes true', 'autosave_interval 1']),
    `listener ${ports.tcp?.port} 127.0.0.1`,
    ...config,
    ...(ports.ws === undefined ? [] : [`listener ${ports.ws.port} 127.0.0.1`, 'protocol websockets']),
    ...(tls === undefined
      ? []
      : [
          `listener ${ports.tls?.port} 127.0.0.1`,
          `cafile ${tls.caFile}`,
          `certfile ${tls.certFile}`,
          `keyfile ${tls.keyFile}`,
          ...(tls.requireCertificate === true
            ? ['require_certificate true', 'use_identity_as_username true']
            : []),
        ]),
  ]
}
