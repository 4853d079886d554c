import { Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { OutputFlags } from './output-flags.js'
import { duration } from './parsers.js'

/** The options of `antiphon ls`, `info`, `stats` and `ping`. */
export interface DiscoveryFlags extends ConnectionFlags, OutputFlags {
  readonly instance?: string
  readonly prefix?: string
  readonly timeout?: number
  readonly stallTimeout?: number
  readonly watch?: true
}

/** Adds the options of discovery to a command. */
export function addDiscoveryFlags(command: Command): Command {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Discovery options:')
  return command
    .addOption(option('--instance <id>', 'only this instance of the service'))
    .addOption(option('--prefix <topic>', 'the first level of the topics of discovery (default: services)'))
    .addOption(
      option('-t, --timeout <duration>', 'how long to wait for responses (default: 2s)').argParser(duration),
    )
    .addOption(
      option(
        '--stall-timeout <duration>',
        'end when no further service has responded for this time (default: 500ms)',
      ).argParser(duration),
    )
}
