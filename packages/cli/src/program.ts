import { Command, CommanderError, type OutputConfiguration } from 'commander'
import { addGather } from './commands/gather.js'
import { addRequest } from './commands/request.js'
import type { CommandContext } from './commands/add-command.js'
import { addBroker } from './commands/broker.js'
import { addCheck } from './commands/check.js'
import { addContext } from './commands/context.js'
import { addExamples } from './commands/examples.js'
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
  const program = createProgram(context, {
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
  return run === undefined ? exitCodes.answered : await run()
}

function createProgram(context: CommandContext, output: OutputConfiguration): Command {
  // The commands take over these settings when they are created.
  const program = new Command('antiphon').exitOverride().configureOutput(output)
  program
    .description('Sends, serves and watches requests and responses over MQTT.')
    .version(context.host.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
  for (const add of [
    addRequest,
    addServe,
    addGather,
    addTap,
    addCheck,
    addBroker,
    addContext,
    addExamples,
    addSchema,
  ])
    add(program, context)
  return program
}
