import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { ExchangeFlags } from './exchange-flags.js'
import type { OutputFlags } from './output-flags.js'
import { repeated, wholeNumber } from './parsers.js'

/** The options of `antiphon replay`. */
export interface ReplayFlags extends ConnectionFlags, ExchangeFlags, OutputFlags {
  readonly assert?: true
  readonly ignore?: readonly string[]
  readonly speed?: number
  readonly concurrency?: number
}

/** Adds the options of a replay to a command. */
export function addReplayFlags(command: Command): Command {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Replay options:')
  const options = [
    option('--assert', 'compare the responses with the recorded ones, and print the differences'),
    option(
      '--ignore <path>',
      'with --assert: a property of JSON that may differ, such as reading.time; may be repeated',
    ).argParser(repeated),
    option(
      '--speed <factor>',
      'send the requests at the recorded times, faster by this factor (default: each when the one before has ended)',
    ).argParser(factor),
    option('--concurrency <count>', 'the most requests in flight (default: 1; with --speed: 256)').argParser(
      wholeNumber(1),
    ),
  ]
  for (const each of options) command.addOption(each)
  return command
}

function factor(text: string): number {
  const number = Number(text)
  if (number > 0 && number < Infinity) return number
  throw new InvalidArgumentError('it must be a number above 0, such as 1 or 0.5')
}
