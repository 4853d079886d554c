import { Command, CommanderError, type OutputConfiguration } from 'commander'
import { addGather } from './commands/gather.js'
import { addMock } from './commands/mock.js'
import { addReplay } from './commands/replay.js'
import { addRequest } from './commands/request.js'
import type { AddCommand, CommandContext } from './commands/add-command.js'
import { addBench } from './commands/bench.js'
import { addBroker } from './commands/broker.js'
import { addCheck } from './commands/check.js'
import { addCompletion } from './commands/completion.js'
import { addContext } from './commands/context.js'
import { addContract } from './commands/contract.js'
import { addDiscovery } from './commands/discovery.js'
import { addExamples } from './commands/examples.js'
import { addInspect } from './commands/inspect.js'
import { addSchema } from './commands/schema.js'
import { addServe } from './commands/serve.js'
import { addTap } from './commands/tap.js'
import { exitCodeOf } from './exit-code-of.js'
import { exitCodes } from './exit-codes.js'
import { Interruption, type Host } from './host.js'
import { Printer } from './output/printer.js'
import { lineOf, requireNoSecrets } from './usage.js'
import { usageError } from './usage-error.js'

/** Runs the command `antiphon`; resolves with its exit code. Prints every error, and never rejects. */
export async function runProgram(args: readonly string[], host: Host): Promise<number> {
  try {
    requireNoSecrets(args)
    return await parse(args, host)
  } catch (error) {
    const { signal } = host
    if (signal.aborted && signal.reason instanceof Interruption) return signal.reason.exitCode
    const code = exitCodeOf(error)
    await new Printer(args.includes('--json') ? { json: true } : {}, host).error(error, code)
    return code
  }
}

async function parse(args: readonly string[], host: Host): Promise<number> {
  let printed = ''
  let run: (() => Promise<number>) | undefined
  const context: CommandContext = { host, start: (started) => (run = started) }
  const program = createProgram(args, context, {
    writeOut: (text) => (printed += text),
    getOutHelpWidth: () => host.stdout.columns,
    getOutHasColors: () => false,
    writeErr: () => undefined,
  })
  try {
    program.parse(args.length === 0 ? ['--help'] : [...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) throw usageError(lineOf(error, args))
    await host.stdout.write(printed)
    return exitCodes.answered
  }
  const code = run === undefined ? exitCodes.answered : await run()
  return isPipeClosed(host) ? exitCodes.closedPipe : code
}

/** Whether the reader of the output has left: a command that Ctrl-C ends in good order has then not printed all. */
function isPipeClosed({ signal }: Host): boolean {
  const reason: unknown = signal.reason
  return reason instanceof Interruption && reason.exitCode === exitCodes.closedPipe
}

function createProgram(
  args: readonly string[],
  context: CommandContext,
  output: OutputConfiguration,
): Command {
  // The commands take over these settings when they are created.
  const program = new Command('antiphon').exitOverride().configureOutput(output)
  program
    .description('Sends, serves and watches requests and responses over MQTT.')
    .version(context.host.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
  for (const add of addersFor(args)) add(program, context)
  return program
}

/** The commands, in the order of the help. */
const adders: Readonly<Record<string, AddCommand>> = {
  request: addRequest,
  serve: addServe,
  gather: addGather,
  tap: addTap,
  inspect: addInspect,
  replay: addReplay,
  bench: addBench,
  check: addCheck,
  ls: addDiscovery('ls'),
  info: addDiscovery('info'),
  stats: addDiscovery('stats'),
  ping: addDiscovery('ping'),
  mock: addMock,
  contract: addContract,
  broker: addBroker,
  context: addContext,
  completion: addCompletion,
  examples: addExamples,
  schema: addSchema,
}

/** Returns the commands to add: the named one alone, as adding all options of all commands delays its start. */
function addersFor(args: readonly string[]): readonly AddCommand[] {
  const [name = ''] = args
  // The script of a completion names all commands.
  const isAlone = Object.hasOwn(adders, name) && name !== 'completion'
  return Object.entries(adders).flatMap(([each, add]) => (isAlone && each !== name ? [] : [add]))
}
