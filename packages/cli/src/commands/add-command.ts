import type { Command } from 'commander'
import type { Host } from '../host.js'

/** What a command adds itself to, and what it runs with. */
export interface CommandContext {
  readonly host: Host
  /** Takes the run of the command, whose result is the exit code. */
  readonly start: (run: () => Promise<number>) => void
}

/** Adds a command to the program. */
export type AddCommand = (program: Command, context: CommandContext) => void
