import { AntiphonError } from '@antiphon/core'
import { developmentTls } from '../command/development-tls.js'
import type { DevelopmentTls } from '../command/development-tls.js'
import { runExport, runImport } from './archive-commands.js'
import type { ArchiveHost } from './archive-commands.js'
import { readArguments } from './arguments.js'
import type { CliArguments } from './arguments.js'
import { readConfigFile } from './config-file.js'
import { configFaults } from './config-faults.js'
import type { Config } from './config.js'
import { help } from './help.js'
import { loadFiles } from './load-files.js'
import { createLog } from './log.js'
import { runPasswd } from './passwd.js'
import type { PasswordTerminal } from './read-password.js'
import { startBroker } from './start-broker.js'
import type { RunningBroker } from './start-broker.js'

/** What the command uses of its process. */
export interface CommandHost extends PasswordTerminal, ArchiveHost {
  readonly stdin: PasswordTerminal['stdin']
  readonly onSignal: (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM', listener: () => void) => void
  readonly exit: (code: number) => void
  readonly version: () => string
  /** Called when a broker that was stopped by a signal has been closed. */
  readonly onClosed?: () => void
}

/** Runs the command; resolves with the exit code when it has started the broker, or has done what it should. */
export async function runCommand(args: readonly string[], host: CommandHost): Promise<number> {
  try {
    const [command, ...rest] = args
    if (command === 'passwd') return await runPasswd(rest, host)
    if (command === 'export') return await runExport(rest, host)
    if (command === 'import') return await runImport(rest, host)
    const request = readArguments(args)
    if (request === 'help') host.print(help)
    else if (request === 'version') host.print(host.version())
    else return await runBroker(request, host)
    return 0
  } catch (error) {
    return fail(host, AntiphonError.from(error).rawMessage.split('\n'))
  }
}

function fail({ printError }: CommandHost, faults: readonly string[]): 1 {
  for (const fault of faults) printError(`antiphon-broker: ${fault}`)
  return 1
}

async function runBroker(
  { config: own, configFile, isCheck, usesDevelopmentTls }: CliArguments,
  host: CommandHost,
): Promise<number> {
  const file = configFile === undefined ? { config: {}, faults: [] } : await readConfigFile(configFile)
  if (file.faults.length > 0) return fail(host, file.faults)
  const merged = merge(file.config, own)
  const tls = usesDevelopmentTls ? await developmentTls() : undefined
  const config = tls === undefined ? merged : withCertificate(merged, tls)
  const faults = configFaults(config)
  if (faults.length > 0) return fail(host, faults)
  if (isCheck) return check(config, host)
  const log = createLog({
    format: config.logFormat ?? 'text',
    print: host.print,
    now: () => new Date(),
  })
  tls?.instructions.forEach(log.status)
  await startBroker(config, {
    log,
    version: host.version(),
    started: (running) => followSignals(running, host, log.status),
  })
  return 0
}

/** Overrides the settings of a file by those of the command line. */
function merge(file: Config, own: Config): Config {
  return {
    ...file,
    ...own,
    ...(file.limits === undefined ? {} : { limits: { ...file.limits, ...own.limits } }),
    ...(file.users === undefined ? {} : { users: { ...file.users, ...own.users } }),
  }
}

/** Adds a certificate to the TLS listeners that have none. */
function withCertificate(config: Config, { certFile, keyFile }: DevelopmentTls): Config {
  const { listen = [] } = config
  return {
    ...config,
    listen: listen.map((listener) => {
      const isSecure = listener.protocol === 'tls' || listener.protocol === 'wss'
      return isSecure ? { cert: certFile, key: keyFile, ...listener } : listener
    }),
  }
}

function check(config: Config, host: CommandHost): number {
  const { faults, warnings } = loadFiles(config)
  if (faults.length > 0) return fail(host, faults)
  for (const warning of warnings) host.print(`warning: ${warning}`)
  host.print('the settings and the files that they name are valid')
  return 0
}

function followSignals(
  { close, reload }: RunningBroker,
  host: CommandHost,
  status: (line: string) => void,
): void {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) return host.exit(1)
    isStopping = true
    status('draining')
    void close().then(() => {
      status('closed')
      host.onClosed?.()
    })
  }
  host.onSignal('SIGINT', stop)
  host.onSignal('SIGTERM', stop)
  host.onSignal('SIGHUP', () => {
    if (!isStopping) reload()
  })
}
