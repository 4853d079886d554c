import type { ListenOptions } from '@antiphon/broker'
import { commandLog, developmentTls, openDurableStorage, type DevelopmentTls } from '@antiphon/broker/command'
import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { TlsOptions } from 'node:tls'
import { concatMap, from, merge, of, takeUntil, type Observable } from 'rxjs'
import { deviceRegistry } from '../hub/device-registry.js'
import { createHub } from '../hub/hub.js'
import { policyRegistry } from '../hub/policy-registry.js'
import { topicSpaceRegistry } from '../hub/topic-space-registry.js'
import { help, readCommandLine, commandLineError, type CommandLine } from './arguments.js'
import { execute, toDefinition } from './commands.js'
import { createDeviceCertificate } from './device-certificate.js'
import { changes$, hubFile, readHub, updateHub, writeHub, type HubState } from './hub-file.js'
import { invokeMethod, serveMethodCalls } from './method-server.js'

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
      policies: [],
      authorities: [],
    })
  }
  if (line.command === 'invoke-device-method')
    return print(JSON.stringify(await invokeMethod(file, line), undefined, 2))
  let authority: readonly string[] = []
  const isChange = / (create|delete|update)$/.test(line.command)
  let result: unknown
  const toNextState = (state: HubState): HubState | undefined => {
    const devices = deviceRegistry(state.hostName, () => undefined)
    const topicSpaces = topicSpaceRegistry()
    const policies = policyRegistry()
    devices.load(state.devices)
    topicSpaces.load(state.topicSpaces)
    policies.load(state.policies)
    result = execute({ devices, topicSpaces, policies }, line)
    return {
      ...state,
      devices: devices.list(),
      topicSpaces: topicSpaces.list().map(toDefinition),
      policies: policies.list(),
      authorities: [...state.authorities, ...authority],
    }
  }
  if (line.optional('output-dir') !== undefined) {
    // Fails before a certificate of an existing device is overwritten.
    toNextState(await readHub(file))
    authority = await createCertificate(line)
  }
  if (isChange) await updateHub(file, toNextState)
  else toNextState(await readHub(file))
  if (result !== undefined) print(JSON.stringify(result, undefined, 2))
}

/** Creates the certificate of a new device with `--output-dir`, and returns that of its authority. */
async function createCertificate({ command, optional, required }: CommandLine): Promise<readonly string[]> {
  const directory = required('output-dir')
  if (command !== 'device-identity create' || optional('auth-method') !== 'x509_ca')
    throw commandLineError('--output-dir needs device-identity create with --auth-method x509_ca')
  return [await createDeviceCertificate(required('device-id'), directory)]
}

/** Runs a hub, reloads its file when it changes, and stops on Ctrl-C. */
async function run(file: string, line: CommandLine, { print, printError, stop$ }: Terminal): Promise<void> {
  const { hostName, authorities } = await readHub(file)
  const log = commandLog({ print, json: line.isSet('json'), ...(line.isSet('verbose') && { verbose: true }) })
  const data = line.optional('data')
  const listenOptions = await listenOptionsOf(line, authorities)
  const hub = createHub({
    hostName,
    ...(data !== undefined && { storage: await openDurableStorage(data) }),
  })
  hub.events$.subscribe(log.event)
  const load = async (): Promise<void> => {
    const { devices, topicSpaces, policies } = await readHub(file)
    // Throws before anything has changed, so that the hub keeps its last good state.
    topicSpaceRegistry().load(topicSpaces)
    hub.devices.load(devices)
    hub.topicSpaces.load(topicSpaces)
    hub.policies.load(policies)
    log.notice(`devices: ${devices.length}, topic spaces: ${topicSpaces.length}`)
  }
  const start = async (): Promise<void> => {
    await load()
    listenOptions.instructions.forEach(log.notice)
    for (const options of listenOptions.listeners)
      log.notice(`listening on ${(await hub.listen(options)).url}`)
  }
  const stopMethodCalls = await serveMethodCalls(hub, file)
  const reload = (): Promise<void> =>
    load().catch((error: unknown) => printError(AntiphonError.from(error).rawMessage))
  // Subscribes to changes before the first load, so that no change is missed.
  await merge(changes$(file), of(undefined))
    .pipe(
      concatMap((_, index) => from(index === 0 ? start() : reload())),
      takeUntil(stop$),
    )
    .forEach(() => undefined)
  await stopMethodCalls()
  await hub.close()
  log.notice('closed')
}

/** Where a hub listens, and how to trust the certificate of `--dev-tls`. */
interface Listening {
  readonly listeners: readonly ListenOptions[]
  readonly instructions: readonly string[]
}

async function listenOptionsOf(line: CommandLine, authorities: readonly string[]): Promise<Listening> {
  const { optional } = line
  const host = optional('host') ?? '127.0.0.1'
  const ports = (['tls', 'wss', 'tcp', 'ws'] as const).flatMap((protocol) => {
    const port = optional(protocol)
    return port === undefined ? [] : [{ protocol, port: toPort(protocol, port), host }]
  })
  const addresses = ports.length > 0 ? ports : [{ protocol: 'tls' as const, port: 8_883, host }]
  const development = line.isSet('dev-tls') ? await developmentTls() : undefined
  const ca = optional('ca')
  const trusted = ca === undefined ? authorities : [...authorities, await readFile(ca, 'utf8')]
  const clientTls =
    trusted.length === 0 ? {} : { ca: [...trusted], requestCert: true, rejectUnauthorized: false }
  const listeners = addresses.map(async ({ protocol, ...address }): Promise<ListenOptions> =>
    protocol === 'tcp' || protocol === 'ws'
      ? { protocol, ...address }
      : { protocol, ...address, tls: { ...(await tlsOf(line, development)), ...clientTls } },
  )
  return { listeners: await Promise.all(listeners), instructions: development?.instructions ?? [] }
}

async function tlsOf(
  { optional, required }: CommandLine,
  development: DevelopmentTls | undefined,
): Promise<TlsOptions> {
  if (development === undefined)
    return { cert: await readFile(required('cert')), key: await readFile(required('key')) }
  if ((optional('cert') ?? optional('key')) !== undefined)
    throw commandLineError('--dev-tls excludes --cert and --key: it creates the certificate')
  return { cert: development.cert, key: development.key }
}

function toPort(option: string, value: string): number {
  const port = Number(value)
  if (/^\d+$/.test(value) && port <= 65_535) return port
  throw commandLineError(`--${option} is '${value}': it must be a whole number from 0 to 65535`)
}
