import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { foreignCommand, startMosquitto } from '@antiphon/workshop'
import type { NotRun } from '../frame/section.js'
import type { ClusterKind } from '../scale/cluster.js'
import { debianFolder, debianRequirement } from '../scale/debian-folder.js'
import { ejabberd } from '../scale/ejabberd.js'
import { rabbitMq } from '../scale/rabbitmq.js'

/** A broker on which the measures and the durable requests run, with its default settings. */
export interface TestedBroker {
  readonly name: string
  readonly hasGroups: boolean
  /** Returns why tests on it cannot run on this machine; `undefined` if they can. */
  readonly requirement: (tests: string) => NotRun | undefined
  /** Starts the broker in a process of its own. */
  readonly start: (progress: (text: string) => void) => Promise<RunningBroker>
}

/** A broker that runs. */
export interface RunningBroker {
  readonly url: string
  readonly stop: () => Promise<void>
}

const embedded: TestedBroker = {
  name: 'embedded',
  hasGroups: true,
  requirement: () => undefined,
  start: async () => {
    const file = fileURLToPath(new URL('./processes/broker.ts', import.meta.url))
    const child = fork(file, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const exited = once(child, 'exit')
    const [{ port }] = (await Promise.race([
      once(child, 'message'),
      exited.then(() => Promise.reject(new Error('cannot start the embedded broker: it exited'))),
    ])) as [{ readonly port: number }]
    return {
      url: `mqtt://127.0.0.1:${port}`,
      stop: async () => {
        child.kill('SIGKILL')
        await exited
      },
    }
  },
}

const mosquitto: TestedBroker = {
  name: 'Mosquitto',
  hasGroups: true,
  requirement: (tests) =>
    foreignCommand('mosquitto') === undefined
      ? { what: `${tests} on Mosquitto`, remedy: 'apt-get install -y mosquitto' }
      : undefined,
  start: () => startMosquitto(),
}

/** All brokers, in the order of the report. */
export const testedBrokers: readonly TestedBroker[] = [
  embedded,
  mosquitto,
  fromDebian(rabbitMq),
  fromDebian(ejabberd),
]

/** One node of a broker from Debian's packages. Neither of them has shared subscriptions. */
function fromDebian({ name, start }: ClusterKind): TestedBroker {
  return {
    name,
    hasGroups: false,
    requirement: (tests) => debianRequirement(`${tests} on ${name}`),
    start: async (progress) => {
      const { urls, stop } = await start(await debianFolder(progress), 1)
      return { url: urls[0], stop }
    },
  }
}
