import { openDurableStorage } from '@antiphon/broker/command'
import { invalidArgument } from '@antiphon/core/link'
import { existsSync } from 'node:fs'
import { commandLineError } from '../../cli/command-line.js'
import { createDeviceCertificate } from '../../cli/device-certificate.js'
import { readListening } from '../../cli/listening.js'
import { runStandIn, standInLog, type Terminal } from '../../cli/run-stand-in.js'
import { readState, updateState, writeState } from '../../cli/state-file.js'
import { createNamespace } from '../namespace/namespace.js'
import { loadState, namespaceResources, toState, type NamespaceState } from '../namespace/resources.js'
import { help, readCommandLine, type CommandLine } from './arguments.js'
import { execute } from './commands.js'
import { runDemo } from './demo.js'
import { namespaceFile, namespaceFormat, type StoredNamespace } from './namespace-file.js'
import { unlockSample } from './unlock-sample.js'

/** Runs `antiphon-event-grid`. Resolves when the command is done, `run` when it was stopped; rejects on an error. */
export async function eventGridProgram(args: readonly string[], terminal: Terminal): Promise<void> {
  const line = readCommandLine(args)
  if (line === 'help') return terminal.print(help)
  if (line.command === 'demo') return runDemo(standInLog(line, terminal))
  const isOfNamespace = line.command === 'create' || line.command === 'run'
  const name = line.required(isOfNamespace ? 'name' : 'namespace-name')
  const file = namespaceFile(name, line.optional('directory'))
  if (line.command === 'run') return run(file, line, terminal)
  if (line.command === 'create') return create(file, line)
  return change(file, line, terminal)
}

async function create(file: string, { optional }: CommandLine): Promise<void> {
  if (existsSync(file))
    throw invalidArgument(`cannot create the namespace: there is a namespace in ${file} already`)
  const [sample, directory] = [optional('sample'), optional('output-dir')]
  if ((sample === undefined) !== (directory === undefined))
    throw commandLineError(
      '--sample and --output-dir need each other: the clients of a sample have certificates',
    )
  if (sample !== undefined && sample !== 'unlock')
    throw commandLineError(`--sample is '${sample}': it must be unlock`)
  const state = sample === undefined ? emptyState : unlockSample
  const authorities = await Promise.all(
    state.clients.map((client) => createDeviceCertificate(client.name, directory ?? '.')),
  )
  await writeState(file, { ...state, authorities })
}

/** Runs a command on the resources of a file, which it changes if the command is a change. */
async function change(file: string, line: CommandLine, { print }: Terminal): Promise<void> {
  let authorities: readonly string[] = []
  let result: unknown
  const toNextState = (state: StoredNamespace): StoredNamespace => {
    const resources = namespaceResources()
    loadState(resources, state)
    result = execute(resources, line)
    const next = toState(resources)
    // Rejects a client group or topic space that is deleted while a permission binding refers to it.
    loadState(namespaceResources(), next)
    return { ...next, authorities: [...state.authorities, ...authorities] }
  }
  const directory = line.optional('output-dir')
  if (directory !== undefined) {
    if (line.command !== 'client create') throw commandLineError('--output-dir needs client create')
    // Fails before a certificate is written.
    toNextState(await readState(file, namespaceFormat))
    const name = line.required('name')
    const commonName = line.optional('authentication-name') ?? name
    authorities = [await createDeviceCertificate(commonName, directory, name)]
  }
  if (/ (create|delete)$/.test(line.command)) await updateState(file, namespaceFormat, toNextState)
  else toNextState(await readState(file, namespaceFormat))
  if (result !== undefined) print(JSON.stringify(result, undefined, 2))
}

const emptyState: NamespaceState = { clients: [], clientGroups: [], topicSpaces: [], permissionBindings: [] }

/** Runs a namespace until Ctrl-C. */
async function run(file: string, line: CommandLine, terminal: Terminal): Promise<void> {
  const { optional } = line
  // Fails before a storage is opened.
  await readState(file, namespaceFormat)
  const listening = await readListening(line, ['tls', 'wss'])
  const data = optional('data')
  const namespace = createNamespace({
    maximumSessionExpiryInHours: toNumber(optional('session-expiry-hours')),
    maximumClientSessionsPerAuthenticationName: toNumber(optional('sessions-per-name')),
    ...(data !== undefined && { storage: await openDurableStorage(data) }),
  })
  await runStandIn(
    {
      file,
      listening,
      log: standInLog(line, terminal),
      listen: namespace.listen,
      events$: namespace.events$,
      close: namespace.close,
      load: async () => {
        const { authorities, ...state } = await readState(file, namespaceFormat)
        loadState(namespace, state)
        const { clients, topicSpaces, permissionBindings } = state
        const summary = `clients: ${clients.length}, topic spaces: ${topicSpaces.length}, permission bindings: ${permissionBindings.length}`
        return { authorities, summary }
      },
    },
    terminal,
  )
}

function toNumber(text = '1'): number {
  return text.trim() === '' ? NaN : Number(text)
}
