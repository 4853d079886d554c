import type { ListenOptions } from '@antiphon/broker'
import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { concatMap, from, merge, of, takeUntil, type Observable } from 'rxjs'
import { deviceRegistry } from '../hub/device-registry.js'
import { createHub } from '../hub/hub.js'
import { topicSpaceRegistry } from '../hub/topic-space-registry.js'
import { help, readCommandLine, commandLineError, type CommandLine } from './arguments.js'
import { execute, toDefinition } from './commands.js'
import { changes$, hubFile, readHub, updateHub, writeHub, type HubState } from './hub-file.js'

/** The terminal of a program. */
export interface Terminal {
  /** Prints a line to standard output. */
  readonly print: (line: string) => void
  /** Prints an error that the program survives. */
  readonly printError: (line: string) => void
  /** Emits on Ctrl-C. */
  readonly stop$: Observable<unknown>
}

/** Runs `antiphon-hub`. Resolves when the command is done, `run` when it was stopped; rejects on an error. */
export async function hubProgram(args: readonly string[], terminal: Terminal): Promise<void> {
  const { print } = terminal
  const line = readCommandLine(args)
  if (line === 'help') return print(help)
  const file = hubFile(line.required('hub-name'), line.optional('directory'))
  if (line.command === 'run') return run(file, line, terminal)
  if (line.command === 'create') {
    if (existsSync(file)) throw invalidArgument(`cannot create the hub: there is a hub in ${file} already`)
    return writeHub(file, {
      hostName: line.optional('host-name') ?? 'localhost',
      devices: [],
      topicSpaces: [],
    })
  }
  const isChange = / (create|delete|update)$/.test(line.command)
  let result: unknown
  const toNextState = (state: HubState): HubState | undefined => {
    const devices = deviceRegistry(state.hostName, () => undefined)
    const topicSpaces = topicSpaceRegistry()
    devices.load(state.devices)
    topicSpaces.load(state.topicSpaces)
    result = execute({ devices, topicSpaces }, line)
    return { ...state, devices: devices.list(), topicSpaces: topicSpaces.list().map(toDefinition) }
  }
  if (isChange) await updateHub(file, toNextState)
  else toNextState(await readHub(file))
  if (result !== undefined) print(JSON.stringify(result, undefined, 2))
}

/** Runs a hub, reloads its file when it changes, and stops on Ctrl-C. */
async function run(file: string, line: CommandLine, { print, printError, stop$ }: Terminal): Promise<void> {
  const { hostName } = await readHub(file)
  const hub = createHub({ hostName })
  const load = async (): Promise<void> => {
    const { devices, topicSpaces } = await readHub(file)
    // Throws before anything has changed, so that the hub keeps its last good state.
    topicSpaceRegistry().load(topicSpaces)
    hub.devices.load(devices)
    hub.topicSpaces.load(topicSpaces)
    print(`devices: ${devices.length}, topic spaces: ${topicSpaces.length}`)
  }
  const start = async (): Promise<void> => {
    await load()
    for (const options of await listenOptionsOf(line))
      print(`listening on ${(await hub.listen(options)).url}`)
  }
  const reload = (): Promise<void> =>
    load().catch((error: unknown) => printError(AntiphonError.from(error).rawMessage))
  // Subscribes to changes before the first load, so that no change is missed.
  await merge(changes$(file), of(undefined))
    .pipe(
      concatMap((_, index) => from(index === 0 ? start() : reload())),
      takeUntil(stop$),
    )
    .forEach(() => undefined)
  await hub.close()
  print('closed')
}

async function listenOptionsOf({ optional, required }: CommandLine): Promise<readonly ListenOptions[]> {
  const host = optional('host') ?? '127.0.0.1'
  const ports = (['tls', 'wss', 'tcp', 'ws'] as const).flatMap((protocol) => {
    const port = optional(protocol)
    return port === undefined ? [] : [{ protocol, port: toPort(protocol, port), host }]
  })
  const listeners = ports.length > 0 ? ports : [{ protocol: 'tls' as const, port: 8_883, host }]
  return Promise.all(
    listeners.map(async ({ protocol, ...address }) =>
      protocol === 'tcp' || protocol === 'ws'
        ? { protocol, ...address }
        : {
            protocol,
            ...address,
            tls: { cert: await readFile(required('cert')), key: await readFile(required('key')) },
          },
    ),
  )
}

function toPort(option: string, value: string): number {
  const port = Number(value)
  if (/^\d+$/.test(value) && port <= 65_535) return port
  throw commandLineError(`--${option} is '${value}': it must be a whole number from 0 to 65535`)
}
