import { Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { OutputFlags } from './output-flags.js'
import { duration } from './parsers.js'

/** The options of `antiphon check`. */
export interface CheckFlags extends ConnectionFlags, OutputFlags {
  readonly prefix?: string
  readonly timeout?: number
}

/** Adds the options of the report to a command. */
export function addCheckFlags(command: Command): Command {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Check options:')
  return command
    .addOption(option('--prefix <topic>', 'use topics below this one (default: antiphon/check)'))
    .addOption(
      option('-t, --timeout <duration>', 'how long a single test may take (default: 2s)').argParser(duration),
    )
}
