import { Option } from 'commander'
import type { Command } from 'commander'
import { formatNames, type FormatName } from '../format-names.js'

/** The options of the payloads of requests and responses. */
export interface PayloadFlags {
  readonly in?: FormatName
  readonly out?: FormatName
  readonly contentType?: string
}

/** Adds the options of the payloads that are read (`--in`) and written (`--out`). */
export function addPayloadFlags(command: Command): Command {
  const group = 'Payload options:'
  const option = (flags: string, about: string): Option => new Option(flags, about).helpGroup(group)
  return command
    .addOption(
      option(
        '--in <format>',
        'the format of the payload to send; auto: an object or array of JSON, or text, or bytes (default: auto)',
      ).choices(formatNames),
    )
    .addOption(
      option(
        '--out <format>',
        'the format of the payload to print; auto: as the Content Type says (default: auto)',
      ).choices(formatNames),
    )
    .addOption(option('--content-type <type>', 'the Content Type to send (default: that of the format)'))
}
