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
  /** Clients must show a certificate, and their name is its common name. @defaultValue false */
  readonly requireCertificate?: boolean
}

/** How a broker is started; anonymous clients are let in unless `config` says otherwise. */
export interface MosquittoOptions {
  /** Further lines of its configuration; they stand behind the plain TCP listener. */
  readonly config?: readonly string[]
  /**
   * A folder to keep the state in over restarts. It is written after every change, so that a killed broker remembers,
   * unless `config` says something else of `autosave_on_changes`; then it is written when the broker ends in order.
   */
  readonly persistence?: string
  /** The plain TCP port; a free one when left out. */
  readonly port?: number
  /** What its environment has beside ours. */
  readonly env?: NodeJS.ProcessEnv
  /** Also listen for WebSockets. @defaultValue false */
  readonly websockets?: boolean
  /** Also listen for TLS. */
  readonly tls?: MosquittoTls
}

/** A running Mosquitto of one's own, on the loopback interface. */
export interface Mosquitto {
  readonly port: number
  /** `mqtt://127.0.0.1:<port>` */
  readonly url: string
  /** Only with `websockets`. */
  readonly wsPort?: number
  readonly wsUrl?: string
  /** Only with `tls`; the name is `localhost`, as in `makeCertificates`. */
  readonly tlsPort?: number
  readonly tlsUrl?: string
  /** The process id of the one that runs now. */
  readonly pid: () => number | undefined
  /** Ends the process, by SIGKILL unless told, and resolves when it is gone. `restart()` brings it back. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  /** Ends it where it still runs, starts it on the same ports, resolves when it listens. */
  readonly restart: () => Promise<void>
  /** Ends it for good and deletes its files (not the persistence folder). */
  readonly stop: () => Promise<void>
  /** What it logged, line by line, over all restarts. Grows while it runs. */
  readonly log: string[]
}

const connectTries = 500
const connectPause = 10
const signalPause = 500

/** Starts Mosquitto on free ports with a configuration of its own and resolves when it listens on all of them. */
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
    for (const each of [port, wsPort, tlsPort]) {
      if (each === undefined) continue
      await untilListening(each, isRunning).catch(async (cause: unknown) => {
        await kill('SIGKILL')
        throw new Error(`mosquitto does not listen on port ${each}:\n${log.join('\n')}`, { cause })
      })
    }
  }
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const exit = broker === undefined ? undefined : once(broker, 'exit')
    // One that has only just begun to listen may lose a signal.
    for (; isRunning(); await Promise.race([exit, wait(signalPause, undefined, { ref: false })]))
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
  const isSaid = (name: string): boolean => config.some((line) => line.trim().startsWith(`${name} `))
  return [
    // It gives up root for a user of its own otherwise, who may not write where the test may.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...(isSaid('log_dest') ? [] : ['log_dest stderr']),
    ...(isSaid('log_type')
      ? []
      : ['error', 'warning', 'notice', 'information'].map((type) => `log_type ${type}`)),
    ...(isSaid('allow_anonymous') ? [] : ['allow_anonymous true']),
    ...(persistence === undefined ? [] : ['persistence true', `persistence_location ${persistence}/`]),
    ...(persistence === undefined || isSaid('autosave_on_changes')
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
  for (let attempt = 0; attempt < connectTries && isRunning(); attempt += 1) {
    if (await accepts(port)) return
    await wait(connectPause)
  }
  throw new Error(isRunning() ? `no connection after ${connectTries} tries` : 'it ended')
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
