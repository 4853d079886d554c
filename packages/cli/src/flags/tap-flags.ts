import { Option } from 'commander'
import type { Command } from 'commander'
import type { FormatName } from '../format-names.js'
import type { ConnectionFlags } from './connection-flags.js'
import type { OutputFlags } from './output-flags.js'
import { duration, formatName, oneOfNumbers, repeated, wholeNumber } from './parsers.js'

/** The options of `antiphon tap`. */
export interface TapFlags extends ConnectionFlags, OutputFlags {
  readonly responses?: readonly string[]
  readonly timeout?: number
  readonly qos?: 0 | 1 | 2
  readonly count?: number
  readonly out?: FormatName
  readonly record?: string
}

/** Adds the options of tapping to a command. */
export function addTapFlags(command: Command): Command {
  const option = (flags: string, about: string): Option => new Option(flags, about).helpGroup('Tap options:')
  const options = [
    option(
      '-r, --responses <filter>',
      'the topics of the responses; may be repeated (default: response/#, and those that requests name, whose first response may be missed)',
    ).argParser(repeated),
    option(
      '-t, --timeout <duration>',
      'when a request without an expiry counts as unmatched (default: 10s)',
    ).argParser(duration),
    option('-q, --qos <level>', 'the QoS of the subscriptions (default: 1)').argParser(oneOfNumbers(0, 1, 2)),
    option('-n, --count <count>', 'end after this many exchanges').argParser(wholeNumber(1)),
    option('--record <file>', 'write the exchanges to a file, for `antiphon replay`'),
    option('--out <format>', 'the format of the payloads (default: auto)').argParser(formatName),
  ]
  for (const each of options) command.addOption(each)
  return command
}
