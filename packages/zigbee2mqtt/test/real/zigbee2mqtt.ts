import { foreignCommand } from '@antiphon/workshop'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What happens to a device of the network; see radio.mjs. */
export interface RadioEvent {
  readonly device: 'bulb' | 'plug'
  /** Puts the device out of reach or back. */
  readonly isReachable?: boolean
  /** Makes the device report whether it is on. */
  readonly report?: boolean
}

/** A running Zigbee2MQTT with a radio that is replaced. */
export interface Zigbee2mqtt {
  readonly radio: (event: RadioEvent) => void
  /** Ends the process, and deletes its files. */
  readonly stop: (signal: NodeJS.Signals) => Promise<void>
}

const radioFile = new URL('radio.mjs', import.meta.url).href

const network = {
  lamp: { ieeeAddr: '0x000b57fffec6a5b2', nwkAddr: 40369, modelId: 'TRADFRI bulb E27 W opal 1000lm' },
  plug: { ieeeAddr: '0x000b57fffe3a563b', nwkAddr: 40370, modelId: 'TRADFRI control outlet' },
}

/** Starts Zigbee2MQTT on a broker, and resolves when it has started. Its devices are `lamp`, which is a bulb, and `plug`. */
export async function startZigbee2mqtt(server: string): Promise<Zigbee2mqtt> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-zigbee2mqtt-'))
  // JSON is YAML.
  await writeFile(join(folder, 'configuration.yaml'), JSON.stringify(configurationFor(server)))
  await writeFile(join(folder, 'database.db'), databaseLines().join('\n'))
  const command = await realpath(foreignCommand('zigbee2mqtt') ?? 'zigbee2mqtt')
  const child = fork(command, [], {
    // In a Git repository, it would build itself if the commit is not its own.
    cwd: folder,
    // Without the module hooks of the test runner.
    execArgv: ['--import', radioFile],
    env: { ...process.env, NODE_OPTIONS: '', ZIGBEE2MQTT_DATA: folder, Z2M_ONBOARD_NO_SERVER: '1' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    }
    await rm(folder, { recursive: true, force: true })
  }
  await started(child).catch(async (error: unknown) => {
    await stop('SIGKILL')
    throw error
  })
  return { radio: (event) => void child.send(event), stop }
}

async function started(child: ChildProcess): Promise<void> {
  const log: string[] = []
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`zigbee2mqtt exited:\n${log.join('\n')}`)))
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line)
      // Both devices have answered, and the configuration of the plug, which is the longer one, is done.
      if (line.includes("Successfully configured 'plug'")) resolve()
    })
  })
}

function configurationFor(server: string): object {
  const names = Object.entries(network).map(([name, { ieeeAddr }]) => [ieeeAddr, { friendly_name: name }])
  return {
    version: 5,
    mqtt: { server },
    serial: { port: '/dev/null', adapter: 'zstack' },
    availability: { enabled: true },
    frontend: { enabled: false },
    homeassistant: { enabled: false },
    devices: Object.fromEntries(names) as object,
    advanced: {
      log_output: ['console'],
      network_key: Array.from({ length: 16 }, (_, index) => index),
      pan_id: 6754,
      channel: 11,
    },
  }
}

function databaseLines(): readonly string[] {
  const endpoint = (inClusterList: readonly number[], devId: number): object => ({
    ...{ profId: 260, epId: 1, devId, inClusterList, outClusterList: [] },
    ...{ clusters: {}, binds: [], configuredReportings: [], meta: {} },
  })
  const state = { epList: [1], interviewCompleted: true, interviewState: 'SUCCESSFUL', meta: {} }
  const coordinator = { id: 1, type: 'Coordinator', ieeeAddr: '0x00124b00120144ae', nwkAddr: 0, manufId: 0 }
  const maker = { manufId: 4476, manufName: 'IKEA of Sweden', powerSource: 'Mains (single phase)' }
  const router = { type: 'Router', ...maker, lastSeen: 1_000 }
  return [
    { ...coordinator, ...state, endpoints: { 1: endpoint([], 5) } },
    { id: 2, ...router, ...state, ...network.lamp, endpoints: { 1: endpoint([0, 3, 4, 5, 6, 8], 544) } },
    { id: 3, ...router, ...state, ...network.plug, endpoints: { 1: endpoint([0, 3, 4, 5, 6], 266) } },
  ].map((entry) => JSON.stringify(entry))
}
