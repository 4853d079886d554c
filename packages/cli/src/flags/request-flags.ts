import { Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { ExchangeFlags } from './exchange-flags.js'
import type { OutputFlags } from './output-flags.js'
import { duration, pair, wholeNumber } from './parsers.js'
import type { PayloadFlags } from './payload-flags.js'

/** The options of `antiphon request`. */
export interface RequestFlags extends ConnectionFlags, ExchangeFlags, PayloadFlags, OutputFlags {
  readonly param?: readonly (readonly [string, string])[]
  readonly file?: string
  readonly template?: true
  readonly lines?: true
  readonly count?: number
  readonly concurrency?: number
  readonly unordered?: true
  readonly through?: string
  readonly contract?: string
  readonly complete?: true
  readonly stream?: true
  readonly credit?: number
  readonly totalTimeout?: number
}

/** Adds the options of the request to a command. */
export function addRequestFlags(command: Command): Command {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Request options:')
  for (const each of [
    option('--param <name=value>', 'the value of a parameter in the topic; may be repeated').argParser(pair),
    option(
      '--contract <file>',
      'the topic is the name of an endpoint in an AsyncAPI document, or in a module that exports endpoints',
    ),
    option('--complete', 'with --contract: add what the schema requires and the payload lacks'),
    option('-f, --file <file>', 'read the payload from a file'),
    option(
      '--template',
      'the payload is a template: {{count}}, {{random 1 6}}, {{time}}, {{uuid}}, {{line <file>}}',
    ),
    option('-l, --lines', 'send each line of standard input as a request'),
    option(
      '-n, --count <count>',
      'send the request this number of times; see {{count}} and {{line <file>}} of --template',
    ).argParser(wholeNumber(1)),
    option(
      '--concurrency <count>',
      'with --lines or --count: the most requests in flight (default: 16)',
    ).argParser(wholeNumber(1)),
    option(
      '--unordered',
      'with --lines or --count: print responses as they arrive, not in the order of the requests',
    ),
    option(
      '--through <command>',
      'pass each response through a command, such as jq, and print what that prints',
    ),
    option('--stream', 'expect a stream of responses, and print each'),
    option('--credit <count>', 'with --stream: the most responses in flight (default: 64)').argParser(
      wholeNumber(1),
    ),
    option('--total-timeout <duration>', 'with --stream: how long it may take in all').argParser(duration),
  ])
    command.addOption(each)
  return command
}
