import { openDurableStorage } from '@antiphon/broker/command'
import { invalidArgument } from '@antiphon/core/link'
import { existsSync } from 'node:fs'
import { deviceRegistry } from '../hub/device-registry.js'
import { createHub } from '../hub/hub.js'
import { policyRegistry } from '../hub/policy-registry.js'
import { topicSpaceRegistry } from '../hub/topic-space-registry.js'
import { help, readCommandLine, type CommandLine } from './arguments.js'
import { commandLineError } from './command-line.js'
import { execute, toDefinition } from './commands.js'
import { createDeviceCertificate } from './device-certificate.js'
import { hubFile, readHub, updateHub, type HubState } from './hub-file.js'
import { readListening } from './listening.js'
import { invokeMethod, serveMethodCalls } from './method-server.js'
import { runStandIn, standInLog, type Terminal } from './run-stand-in.js'
import { writeState } from './state-file.js'

/** Runs `antiphon-hub`. Resolves when the command is done, `run` when it was stopped; rejects on an error. */
export async function hubProgram(args: readonly string[], terminal: Terminal): Promise<void> {
  const { print } = terminal
  const line = readCommandLine(args)
  if (line === 'help') return print(help)
  const file = hubFile(line.required('hub-name'), line.optional('directory'))
  if (line.command === 'run') return run(file, line, terminal)
  if (line.command === 'create') {
    if (existsSync(file)) throw invalidArgument(`cannot create the hub: there is a hub in ${file} already`)
    return writeState(file, {
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

/** Runs a hub until Ctrl-C. */
async function run(file: string, line: CommandLine, terminal: Terminal): Promise<void> {
  const { hostName } = await readHub(file)
  const data = line.optional('data')
  const listening = await readListening(line, ['tls', 'wss', 'tcp', 'ws'])
  const hub = createHub({
    hostName,
    ...(data !== undefined && { storage: await openDurableStorage(data) }),
  })
  const stopMethodCalls = await serveMethodCalls(hub, file)
  await runStandIn(
    {
      file,
      listening,
      log: standInLog(line, terminal),
      listen: hub.listen,
      events$: hub.events$,
      close: async () => {
        await stopMethodCalls()
        await hub.close()
      },
      load: async () => {
        const { devices, topicSpaces, policies, authorities } = await readHub(file)
        // Throws before anything has changed, so that the hub keeps its last good state.
        topicSpaceRegistry().load(topicSpaces)
        hub.devices.load(devices)
        hub.topicSpaces.load(topicSpaces)
        hub.policies.load(policies)
        const summary = `devices: ${devices.length}, topic spaces: ${topicSpaces.length}`
        return { authorities, summary }
      },
    },
    terminal,
  )
}
