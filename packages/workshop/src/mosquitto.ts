import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { foreignCommand } from './foreign.js'
import { freePort } from './free-port.js'

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
  /** The plain TCP port; by default a free port. */
  readonly port?: number
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

const maxAttempts = 500
const attemptPeriod = 10
const signalPeriod = 500

/** Starts Mosquitto on free ports; resolves when it listens on all of them. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const command = foreignCommand('mosquitto')
  if (command === undefined) throw new Error('mosquitto is not installed: apt-get install -y mosquitto')
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-mosquitto-'))
  const file = join(folder, 'mosquitto.conf')
  const log: string[] = []
  const port = options.port ?? (await freePort())
  const wsPort = options.websockets === true ? await freePort() : undefined
  const tlsPort = options.tls === undefined ? undefined : await freePort()
  await writeFile(file, configuration(options, { port, wsPort, tlsPort }).join('\n') + '\n')

  let broker: ChildProcess | undefined
  const isRunning = (): boolean => broker?.exitCode === null && broker.signalCode === null
  const killNow = (): void => void broker?.kill('SIGKILL')

  const start = async (): Promise<void> => {
    const child = spawn(command, ['-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...options.env },
    })
    broker = child
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line))
    await once(child, 'spawn')
    for (const listener of [port, wsPort, tlsPort]) {
      if (listener === undefined) continue
      await untilListening(listener, isRunning).catch(async (cause: unknown) => {
        await kill('SIGKILL')
        throw new Error(
          `cannot start mosquitto: it does not listen on port ${listener}:\n${log.join('\n')}`,
          { cause },
        )
      })
    }
  }
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const exit = broker === undefined ? undefined : once(broker, 'exit')
    // Mosquitto may miss a signal right after it has started to listen, so the signal is repeated.
    for (; isRunning(); await Promise.race([exit, wait(signalPeriod, undefined, { ref: false })]))
      broker?.kill(signal)
  }
  const stop = async (): Promise<void> => {
    process.off('exit', killNow)
    await kill('SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }

  process.on('exit', killNow)
  await start().catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    ...(wsPort !== undefined && { wsPort, wsUrl: `ws://127.0.0.1:${wsPort}` }),
    ...(tlsPort !== undefined && { tlsPort, tlsUrl: `mqtts://localhost:${tlsPort}` }),
    pid: () => (isRunning() ? broker?.pid : undefined),
    kill,
    restart: async () => {
      await kill('SIGTERM')
      await start()
    },
    stop,
    log,
  }
}

function configuration(
  { config = [], persistence, tls }: MosquittoOptions,
  { port, wsPort, tlsPort }: Record<'port' | 'wsPort' | 'tlsPort', number | undefined>,
): readonly string[] {
  const isConfigured = (name: string): boolean => config.some((line) => line.trim().startsWith(`${name} `))
  return [
    // By default Mosquitto started as root switches to another user, which may not write to the folders of the test.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...(isConfigured('log_dest') ? [] : ['log_dest stderr']),
    ...(isConfigured('log_type')
      ? []
      : ['error', 'warning', 'notice', 'information'].map((type) => `log_type ${type}`)),
    ...(isConfigured('allow_anonymous') ? [] : ['allow_anonymous true']),
    ...(persistence === undefined ? [] : ['persistence true', `persistence_location ${persistence}/`]),
    ...(persistence === undefined || isConfigured('autosave_on_changes')
      ? []
      : ['autosave_on_changes true', 'autosave_interval 1']),
    `listener ${port} 127.0.0.1`,
    ...config,
    ...(wsPort === undefined ? [] : [`listener ${wsPort} 127.0.0.1`, 'protocol websockets']),
    ...(tls === undefined
      ? []
      : [
          `listener ${tlsPort} 127.0.0.1`,
          `cafile ${tls.caFile}`,
          `certfile ${tls.certFile}`,
          `keyfile ${tls.keyFile}`,
          ...(tls.requireCertificate === true
            ? ['require_certificate true', 'use_identity_as_username true']
            : []),
        ]),
  ]
}

async function untilListening(port: number, isRunning: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts && isRunning(); attempt += 1) {
    if (await accepts(port)) return
    await wait(attemptPeriod)
  }
  throw new Error(isRunning() ? `no connection after ${maxAttempts} attempts` : 'the process exited')
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
