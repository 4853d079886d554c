import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createBroker } from '@antiphon/broker'
import { startMosquitto } from '@antiphon/workshop'
import type { IConnectPacket } from 'mqtt-packet'
import { RawClient } from './raw-client.js'
import {
  echoTopic,
  type RequestResult,
  type RequestTopic,
  type TargetCommand,
  type TargetReport,
  type TargetRole,
} from './target.js'

/** The target of an attack, and its broker. */
export interface TestBedKind {
  readonly target: 'antiphon' | 'by-hand' | 'signed'
  readonly broker: 'embedded' | 'mosquitto'
}

/** A broker with a target process and any number of attackers. */
export interface TestBed {
  /** Connects an attacker. */
  readonly attacker: (clientId?: string, fields?: Partial<IConnectPacket>) => Promise<RawClient>
  /** Opens a connection without sending CONNECT. */
  readonly connection: () => RawClient
  /** Makes the target send a request to its own service or another topic; resolves with the response or the error. */
  readonly sendRequest: (text: string, topic?: RequestTopic) => Promise<string>
  readonly report: () => Promise<TargetReport>
  /**
   * Returns milliseconds that the broker may have worked: CPU time if it is in this process, so that other load on the
   * machine does not count, otherwise wall time.
   */
  readonly brokerTime: () => number
  /** Stops the target and starts it again. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

const commandTimeout = 10_000

/** Starts a broker and a target. */
export async function startTestBed({ target, broker: brokerKind }: TestBedKind): Promise<TestBed> {
  const broker = brokerKind === 'embedded' ? await embedded() : await mosquitto()
  const attackers: RawClient[] = []
  let process = await TargetProcess.start(target, broker.port)
  const track = (client: RawClient): RawClient => {
    attackers.push(client)
    return client
  }
  return {
    attacker: async (clientId = `attacker-${attackers.length}`, fields) =>
      track(await RawClient.connect(broker.port, clientId, fields)),
    connection: () => track(new RawClient(broker.port)),
    sendRequest: async (text, topic = echoTopic) => {
      const response = await process.command<RequestResult>({ command: 'request', text, topic })
      return 'response' in response ? response.response : response.error
    },
    brokerTime: broker.time,
    report: () => process.command<TargetReport>({ command: 'report' }),
    restart: async () => {
      await process.stop()
      process = await TargetProcess.start(target, broker.port)
    },
    stop: async () => {
      for (const attacker of attackers) attacker.cut()
      await process.stop()
      await broker.stop()
    },
  }
}

interface RunningBroker {
  readonly port: number
  readonly time: () => number
  readonly stop: () => Promise<void>
}

async function embedded(): Promise<RunningBroker> {
  const broker = createBroker({ limits: { connectTimeout: 1_000 }, closeTimeout: 0 })
  const { port } = await broker.listen({ protocol: 'tcp' })
  return { port, time: cpuTime, stop: () => broker.close() }
}

async function mosquitto(): Promise<RunningBroker> {
  const { port, stop } = await startMosquitto()
  return { port, time: () => performance.now(), stop }
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** The process of the target. */
class TargetProcess {
  readonly #child: ChildProcess
  readonly #pending = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >()
  #lastId = 0
  #errorOutput = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr?.on('data', (bytes: Buffer) => (this.#errorOutput += bytes.toString()))
    child.on('message', (result: { readonly id?: number }) => {
      const pending = this.#pending.get(result.id ?? NaN)
      this.#pending.delete(result.id ?? NaN)
      pending?.resolve(result)
    })
    child.on('exit', () => {
      for (const { reject } of this.#pending.values()) reject(this.#exitError())
      this.#pending.clear()
    })
  }

  static async start(target: TestBedKind['target'], port: number): Promise<TargetProcess> {
    const file = fileURLToPath(new URL(`../processes/${target}.ts`, import.meta.url))
    const child = fork(file, [JSON.stringify({ port } satisfies TargetRole)], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const started = new TargetProcess(child)
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(started.#exitError())),
    ])
    return started
  }

  command<R>(command: TargetCommand): Promise<R> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) {
        reject(this.#exitError())
        return
      }
      const timer = setTimeout(
        () => reject(new Error(`the target did not answer within ${commandTimeout} ms`)),
        commandTimeout,
      )
      const settled = <T extends unknown[]>(settle: (...args: T) => void): ((...args: T) => void) => {
        return (...args) => {
          clearTimeout(timer)
          settle(...args)
        }
      }
      this.#pending.set(id, {
        resolve: settled((result) => resolve(result as R)),
        reject: settled(reject),
      })
      this.#child.send({ id, ...command })
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  #exitError(): Error {
    const cause = /^\w*Error: .*$/m.exec(this.#errorOutput)?.[0] ?? 'without an error message'
    return new Error(`the target exited: ${cause.slice(0, 120)}`)
  }
}
