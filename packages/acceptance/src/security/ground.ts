import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createBroker } from '@antiphon/broker'
import { startMosquitto } from '@antiphon/workshop'
import { RawClient } from './raw-client.js'
import {
  echoTopic,
  type Answer,
  type AskedTopic,
  type Order,
  type Report,
  type VictimRole,
} from './victim.js'

/** Who is attacked, on which broker. */
export interface GroundKind {
  readonly victim: 'antiphon' | 'by-hand'
  readonly broker: 'embedded' | 'mosquitto'
}

/** A broker, a victim on it, and room for attackers. */
export interface Ground {
  /** A client of the attacker's that is logged in. */
  readonly attacker: () => Promise<RawClient>
  /** A connection that has said nothing yet. */
  readonly stranger: () => RawClient
  /** Lets the victim ask its own service, or another topic: the answer, or why there is none. */
  readonly ask: (text: string, topic?: AskedTopic) => Promise<string>
  readonly report: () => Promise<Report>
  /** Ends the victim and starts it anew. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

const patience = 10_000

/** Lays out a ground. */
export async function layGround({ victim, broker: brokerKind }: GroundKind): Promise<Ground> {
  const broker = brokerKind === 'embedded' ? await embedded() : await mosquitto()
  const attackers: RawClient[] = []
  let process = await Process.start(victim, broker.port)
  const join = (client: RawClient): RawClient => {
    attackers.push(client)
    return client
  }
  return {
    attacker: async () => join(await RawClient.login(broker.port, `attacker-${attackers.length}`)),
    stranger: () => join(new RawClient(broker.port)),
    ask: async (text, topic = echoTopic) => {
      const response = await process.order<Answer>({ order: 'ask', text, topic })
      return 'answer' in response ? response.answer : response.error
    },
    report: () => process.order<Report>({ order: 'report' }),
    restart: async () => {
      await process.stop()
      process = await Process.start(victim, broker.port)
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
  readonly stop: () => Promise<void>
}

async function embedded(): Promise<RunningBroker> {
  const broker = createBroker({ limits: { connectTimeout: 1_000 }, closeTimeout: 0 })
  const { port } = await broker.listen({ protocol: 'tcp' })
  return { port, stop: () => broker.close() }
}

async function mosquitto(): Promise<RunningBroker> {
  const { port, stop } = await startMosquitto()
  return { port, stop }
}

/** The victim's process. */
class Process {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (word: unknown) => void; reject: (error: Error) => void }>()
  #lastId = 0
  #said = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr?.on('data', (bytes: Buffer) => (this.#said += bytes.toString()))
    child.on('message', (word: { readonly id?: number }) => {
      const waiting = this.#waiting.get(word.id ?? NaN)
      this.#waiting.delete(word.id ?? NaN)
      waiting?.resolve(word)
    })
    child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(this.#death())
      this.#waiting.clear()
    })
  }

  static async start(victim: GroundKind['victim'], port: number): Promise<Process> {
    const file = fileURLToPath(new URL(`./processes/${victim}.ts`, import.meta.url))
    const child = fork(file, [JSON.stringify({ port } satisfies VictimRole)], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    await once(child, 'message')
    return new Process(child)
  }

  order<W>(order: Order): Promise<W> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) {
        reject(this.#death())
        return
      }
      const timer = setTimeout(() => reject(new Error('the victim does not react')), patience)
      const settled = <T extends unknown[]>(settle: (...args: T) => void): ((...args: T) => void) => {
        return (...args) => {
          clearTimeout(timer)
          settle(...args)
        }
      }
      this.#waiting.set(id, {
        resolve: settled((word) => resolve(word as W)),
        reject: settled(reject),
      })
      this.#child.send({ id, ...order })
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  #death(): Error {
    const why = /^\w*Error: .*$/m.exec(this.#said)?.[0] ?? 'without a word'
    return new Error(`the process died: ${why.slice(0, 120)}`)
  }
}
