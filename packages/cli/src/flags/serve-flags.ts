import { Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { CorrelationFlags } from './correlation-flags.js'
import type { OutputFlags } from './output-flags.js'
import { duration, oneOfNumbers, pair, repeated, wholeNumber } from './parsers.js'
import type { PayloadFlags } from './payload-flags.js'

/** The options of `antiphon serve`. */
export interface ServeFlags extends ConnectionFlags, CorrelationFlags, PayloadFlags, OutputFlags {
  readonly respond?: readonly string[]
  readonly respondFile?: string
  readonly template?: string
  readonly echo?: true
  readonly exec?: string
  readonly fail?: string
  readonly delay?: number
  readonly stream?: true
  readonly property?: readonly (readonly [string, string])[]
  readonly param?: readonly (readonly [string, string])[]
  readonly group?: string
  readonly qos?: 0 | 1 | 2
  readonly count?: number
  readonly concurrency?: number
  readonly queue?: number
  readonly handlerTimeout?: number
  readonly acknowledge?: 'after-response' | 'on-receipt' | 'on-start'
  readonly responseTopics?: readonly string[]
  /** `false` by `--no-local`. */
  readonly local: boolean
  readonly notifications?: true
  readonly drainTimeout?: number
  readonly service?: string
  readonly serviceVersion?: string
}

/** Adds the options of the responder to a command. */
export function addServeFlags(command: Command): Command {
  for (const each of [...responseOptions(), ...serveOptions()]) command.addOption(each)
  return command
}

function responseOptions(): readonly Option[] {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Response options:')
  return [
    option(
      '-r, --respond <text>',
      'respond with a text; with --stream, repeat it for each response',
    ).argParser(repeated),
    option('--respond-file <file>', 'respond with the bytes of a file'),
    option(
      '--template <text>',
      'respond with a template: {{payload}}, {{value.city}}, {{param vin}}, {{property name}}, {{count}}, {{random 1 6}}, {{time}}, {{uuid}}, {{line <file>}}',
    ),
    option('--echo', 'respond with the payload of the request'),
    option(
      '--exec <command>',
      'respond with what a command prints; it reads the request on standard input, and has ANTIPHON_TOPIC, ANTIPHON_PARAM_<name>, ANTIPHON_PROPERTY_<name>',
    ),
    option('--fail <code>', 'respond with an application error of this code'),
    option('--delay <duration>', 'wait before each response').argParser(duration),
    option('--stream', 'respond with a stream, of any number of responses'),
    option('--property <name=value>', 'a User Property of the responses; may be repeated').argParser(pair),
  ]
}

function serveOptions(): readonly Option[] {
  const option = (flags: string, about: string): Option =>
    new Option(flags, about).helpGroup('Serve options:')
  return [
    option('--param <name=value>', 'serve only this value of a parameter; may be repeated').argParser(pair),
    option('-g, --group <name>', 'share the requests with the other members of a group'),
    option('-q, --qos <level>', 'the QoS of the subscription (default: 1)').argParser(oneOfNumbers(0, 1, 2)),
    option('-n, --count <count>', 'leave after this many requests').argParser(wholeNumber(1)),
    option('--concurrency <count>', 'the most handlers at a time (default: 256)').argParser(wholeNumber(1)),
    option('--queue <count>', 'the most requests that wait (default: 10000)').argParser(wholeNumber(0)),
    option('--handler-timeout <duration>', 'respond 408 after this time').argParser(duration),
    option('--acknowledge <when>', 'when to acknowledge a request (default: on-start)').choices([
      'on-start',
      'after-response',
      'on-receipt',
    ]),
    option('--response-topics <filter>', 'respond only to these topics; may be repeated').argParser(repeated),
    option('--no-local', 'ignore requests that this command sends itself'),
    option('--service <name>', 'announce the responder as an instance of a service; see antiphon ls'),
    option('--service-version <version>', 'its version (default: 0.0.0)'),
    option('--notifications', 'handle requests without a response topic, too'),
    option(
      '--drain-timeout <duration>',
      'how long Ctrl-C waits for running requests (default: 30s)',
    ).argParser(duration),
  ]
}
