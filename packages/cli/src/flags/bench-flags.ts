import { Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { ExchangeFlags } from './exchange-flags.js'
import type { OutputFlags } from './output-flags.js'
import { duration, formatName, pair, wholeNumber } from './parsers.js'
import type { FormatName } from '../format-names.js'

/** The options of `antiphon bench`. */
export interface BenchFlags extends ConnectionFlags, ExchangeFlags, OutputFlags {
  readonly duration?: number
  readonly count?: number
  readonly concurrency?: number
  readonly rate?: number
  readonly warmUp?: number
  readonly size?: number
  readonly echo?: true
  readonly histogram?: string
  readonly param?: readonly (readonly [string, string])[]
  readonly in?: FormatName
}

/** Adds the options of a benchmark to a command. */
export function addBenchFlags(command: Command): Command {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Bench options:')
  const options = [
    option('-d, --duration <duration>', 'how long to send requests (default: 10s)').argParser(duration),
    option('-n, --count <count>', 'send this number of requests instead').argParser(wholeNumber(1)),
    option(
      '--concurrency <count>',
      'the most requests in flight; each response starts the next (default: 16; with --rate: 10000)',
    ).argParser(wholeNumber(1)),
    option(
      '--rate <count>',
      'start this number of requests a second, whatever the responses; latencies count from when a request is due',
    ).argParser(wholeNumber(1)),
    option(
      '--warm-up <count>',
      'send this number of requests before the measurement (default: 100)',
    ).argParser(wholeNumber(0)),
    option('--size <bytes>', 'send a payload of this size').argParser(wholeNumber(0)),
    option('--echo', 'respond to the requests from this process, over a connection of its own'),
    option('--histogram <file>', 'write the latencies as a percentile distribution of HdrHistogram (.hgrm)'),
    option('--param <name=value>', 'the value of a parameter in the topic; may be repeated').argParser(pair),
    option('--in <format>', 'the format of the payload to send (default: auto)').argParser(formatName),
  ]
  for (const each of options) command.addOption(each)
  return command
}
