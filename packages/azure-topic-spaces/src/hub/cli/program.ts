import type { ListenOptions } from '@antiphon/broker'
import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { concatMap, from, merge, of, takeUntil, type Observable } from 'rxjs'
import { deviceRegistry } from '../device-registry.js'
import { createHub } from '../hub.js'
import { topicSpaceRegistry } from '../topic-space-registry.js'
import { help, readCommandLine, type CommandLine } from './arguments.js'
import { execute, toDefinition } from './commands.js'
import { changes$, hubFile, readHub, writeHub } from './hub-file.js'

/** The terminal that a program runs in. */
export interface Terminal {
  readonly say: (line: string) => void
  /** What went wrong and was survived. */
  readonly complain: (line: string) => void
  /** Ctrl-C. */
  readonly stop$: Observable<unknown>
}

/** `antiphon-hub`: resolves when the command is carried out, and `run` when it was stopped; rejects with what is wrong. */
export async function hubProgram(args: readonly string[], terminal: Terminal): Promise<void> {
  const { say } = terminal
  const line = readCommandLine(args)
  if (line === 'help') return say(help)
  const file = hubFile(line.required('hub-name'), line.optional('directory'))
  if (line.command === 'run') return run(file, line, terminal)
  if (line.command === 'create') {
    if (existsSync(file)) throw invalidArgument(`there is a hub in ${file} already`)
    return writeHub(file, {
      hostName: line.optional('host-name') ?? 'localhost',
      devices: [],
      topicSpaces: [],
    })
  }
  const state = await readHub(file)
  const devices = deviceRegistry(state.hostName, () => undefined)
  const topicSpaces = topicSpaceRegistry()
  devices.load(state.devices)
  topicSpaces.load(state.topicSpaces)
  const result = execute({ devices, topicSpaces }, line)
  if (/ (create|delete|update)$/.test(line.command)) {
    await writeHub(file, {
      ...state,
      devices: devices.list(),
      topicSpaces: topicSpaces.list().map(toDefinition),
    })
  }
  if (result !== undefined) say(JSON.stringify(result, undefined, 2))
}

/** Runs a hub, follows its file, and stops at Ctrl-C. */
async function run(file: string, line: CommandLine, { say, complain, stop$ }: Terminal): Promise<void> {
  const { hostName } = await readHub(file)
  const hub = createHub({ hostName })
  const load = async (): Promise<void> => {
    const { devices, topicSpaces } = await readHub(file)
    hub.devices.load(devices)
    hub.topicSpaces.load(topicSpaces)
    say(`devices: ${devices.length}, topic spaces: ${topicSpaces.length}`)
  }
  const begin = async (): Promise<void> => {
    await load()
    for (const place of await placesOf(line)) say(`listening on ${(await hub.listen(place)).url}`)
  }
  const again = (): Promise<void> =>
    load().catch((error: unknown) => complain(AntiphonError.from(error).message))
  // It watches before it looks, so that no change is missed.
  await merge(changes$(file), of(undefined))
    .pipe(
      concatMap((_, which) => from(which === 0 ? begin() : again())),
      takeUntil(stop$),
    )
    .forEach(() => undefined)
  await hub.close()
  say('closed')
}

async function placesOf({ optional, required }: CommandLine): Promise<readonly ListenOptions[]> {
  const host = optional('host') ?? '127.0.0.1'
  const ports = (['tls', 'wss', 'tcp', 'ws'] as const).flatMap((protocol) => {
    const port = optional(protocol)
    return port === undefined ? [] : [{ protocol, port: toPort(port), host }]
  })
  const places = ports.length > 0 ? ports : [{ protocol: 'tls' as const, port: 8_883, host }]
  return Promise.all(
    places.map(async ({ protocol, ...place }) =>
      protocol === 'tcp' || protocol === 'ws'
        ? { protocol, ...place }
        : {
            protocol,
            ...place,
            tls: { cert: await readFile(required('cert')), key: await readFile(required('key')) },
          },
    ),
  )
}

function toPort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw invalidArgument(`the port ${text} must be 0 to 65535`)
  return port
}
