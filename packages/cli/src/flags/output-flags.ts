import { Option } from 'commander'
import type { Command } from 'commander'

/** The options of what a command prints. */
export interface OutputFlags {
  readonly json?: true
  readonly verbose?: true
}

/** Adds the options of what a command prints. */
export function addOutputFlags(command: Command): Command {
  const group = 'Output options:'
  return command
    .addOption(new Option('--json', 'print one JSON object a line (NDJSON), errors too').helpGroup(group))
    .addOption(new Option('-v, --verbose', 'show the packets on standard error').helpGroup(group))
}
