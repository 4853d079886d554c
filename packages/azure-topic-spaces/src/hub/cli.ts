#!/usr/bin/env node
import type { ListenOptions } from '@antiphon/broker'
import { AntiphonError, invalidArgument } from '@antiphon/core'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { concatMap, from, fromEvent, takeUntil } from 'rxjs'
import { help, readCommandLine, type CommandLine } from './cli/arguments.js'
import { execute, toDefinition } from './cli/commands.js'
import { changes$, hubFile, readHub, writeHub } from './cli/hub-file.js'
import { deviceRegistry } from './device-registry.js'
import { createHub } from './hub.js'
import { topicSpaceRegistry } from './topic-space-registry.js'

async function main(args: readonly string[]): Promise<void> {
  const line = readCommandLine(args)
  if (line === 'help') return say(help)
  const file = hubFile(line.required('hub-name'), line.optional('directory'))
  if (line.command === 'run') return run(file, line)
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
async function run(file: string, line: CommandLine): Promise<void> {
  const { hostName } = await readHub(file)
  const hub = createHub({ hostName })
  const load = async (): Promise<void> => {
    const { devices, topicSpaces } = await readHub(file)
    hub.devices.load(devices)
    hub.topicSpaces.load(topicSpaces)
    say(`devices: ${devices.length}, topic spaces: ${topicSpaces.length}`)
  }
  await load()
  for (const place of await placesOf(line)) say(`listening on ${(await hub.listen(place)).url}`)
  const stop$ = fromEvent(process, 'SIGINT')
  await changes$(file)
    .pipe(
      concatMap(() => from(load().catch(complain))),
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

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function complain(error: unknown): void {
  process.stderr.write(`antiphon-hub: ${AntiphonError.from(error).message}\n`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  complain(error)
  process.exitCode = 1
})
