import { Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { ExchangeFlags } from './exchange-flags.js'
import type { OutputFlags } from './output-flags.js'
import { duration, pair, repeated, wholeNumber } from './parsers.js'
import type { PayloadFlags } from './payload-flags.js'

/** The options of `antiphon gather`. */
export interface GatherFlags extends ConnectionFlags, ExchangeFlags, PayloadFlags, OutputFlags {
  readonly count?: number
  readonly stallTimeout?: number
  readonly sentinel?: true
  readonly responder?: readonly string[]
  readonly param?: readonly (readonly [string, string])[]
  readonly file?: string
  readonly template?: true
}

/** Adds the options of gathering to a command. */
export function addGatherFlags(command: Command): Command {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Gather options:')
  const options = [
    option('-n, --count <count>', 'end after this many responses').argParser(wholeNumber(1)),
    option('--stall-timeout <duration>', 'end when no further response has arrived for this time').argParser(
      duration,
    ),
    option('--sentinel', 'end with a response that has an empty payload'),
    option(
      '--responder <name>',
      'end when these responders have responded, which name themselves in __srcId; may be repeated',
    ).argParser(repeated),
    option('--param <name=value>', 'the value of a parameter in the topic; may be repeated').argParser(pair),
    option('-f, --file <file>', 'read the payload from a file'),
    option('--template', 'the payload is a template: {{random 1 6}}, {{time}}, {{uuid}}'),
  ]
  for (const each of options) command.addOption(each)
  return command
}
