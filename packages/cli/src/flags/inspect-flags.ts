import { Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { OutputFlags } from './output-flags.js'
import { repeated, wholeNumber } from './parsers.js'

/** The options of `antiphon inspect`. */
export interface InspectFlags extends ConnectionFlags, OutputFlags {
  readonly filter?: readonly string[]
  readonly payloadBytes?: number
  readonly contract?: string
  readonly traceUrl?: string
  readonly port?: number
}

/** Adds the options of the inspector to a command. */
export function addInspectFlags(command: Command): Command {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Inspect options:')
  const options = [
    option('-f, --filter <filter>', 'the topics to observe; may be repeated (default: #)').argParser(
      repeated,
    ),
    option('--payload-bytes <bytes>', 'how much of each payload is shown (default: 2000)').argParser(
      wholeNumber(0),
    ),
    option(
      '-c, --contract <file>',
      'an AsyncAPI document or a module of endpoints, whose requests the page can send',
    ),
    option('--trace-url <url>', 'the address of a trace, such as http://localhost:16686/trace/{traceId}'),
    option('--port <port>', 'the port of the page (default: a free one)').argParser(wholeNumber(0, 65_535)),
  ]
  for (const each of options) command.addOption(each)
  return command
}
