import { EventEmitter, once } from 'node:events'
import { PassThrough } from 'node:stream'
import { runCommand } from '../../src/cli/command.js'
import type { CommandHost } from '../../src/cli/command.js'

/** The command in the process of a test. */
export interface TestCommand {
  readonly printed: readonly string[]
  readonly errors: string[]
  /** Everything that `prompt` wrote. */
  readonly prompts: readonly string[]
  readonly exits: readonly number[]
  readonly stdin: PassThrough
  readonly stdout: PassThrough
  /** Runs the command and returns its exit code. */
  readonly run: (...args: readonly string[]) => Promise<number>
  readonly signal: (name: 'SIGHUP' | 'SIGINT' | 'SIGTERM') => void
  /** Waits for a line that matches, and returns it. */
  readonly line: (pattern: RegExp) => Promise<string>
}

/** Creates a command. At a terminal, `rawModes` records the changes of its mode. */
export function testCommand(rawModes?: boolean[]): TestCommand {
  const lines = new EventEmitter()
  const signals = new EventEmitter()
  const printed: string[] = []
  const errors: string[] = []
  const prompts: string[] = []
  const exits: number[] = []
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const terminal = { isTTY: true, setRawMode: (isRaw: boolean) => rawModes?.push(isRaw) }
  const host: CommandHost = {
    stdout,
    stdin: rawModes === undefined ? stdin : Object.assign(stdin, terminal),
    print: (line) => {
      printed.push(line)
      lines.emit('line')
    },
    printError: (line) => errors.push(line),
    prompt: (text) => prompts.push(text),
    onSignal: (name, listener) => signals.on(name, listener),
    exit: (code) => exits.push(code),
    version: () => '1.2.3',
  }
  return {
    printed,
    errors,
    prompts,
    exits,
    stdin,
    stdout,
    run: (...args) => runCommand(args, host),
    signal: (name) => signals.emit(name),
    line: async (pattern) => {
      for (;;) {
        const found = printed.find((line) => pattern.test(line))
        if (found !== undefined) return found
        await once(lines, 'line')
      }
    },
  }
}
