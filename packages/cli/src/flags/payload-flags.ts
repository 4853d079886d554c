import { Option } from 'commander'
import type { Command } from 'commander'
import { formatName } from './parsers.js'
import type { FormatName } from '../format-names.js'

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
        'the format of the payload to send: text, json, xml, cbor, msgpack, hex, base64, raw, protobuf:<file>:<message>, or auto: an object or array of JSON, or text, or bytes (default: auto)',
      ).argParser(formatName),
    )
    .addOption(
      option(
        '--out <format>',
        'the format of the payload to print: one of those, or auto: as the Content Type says (default: auto)',
      ).argParser(formatName),
    )
    .addOption(option('--content-type <type>', 'the Content Type to send (default: that of the format)'))
}
