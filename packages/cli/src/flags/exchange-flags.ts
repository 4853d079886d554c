import { Option } from 'commander'
import type { Command } from 'commander'
import { addCorrelationFlags, type CorrelationFlags } from './correlation-flags.js'
import { duration, oneOfNumbers, pair, wholeNumber } from './parsers.js'

/** The options of an exchange, as commander parses them. */
export interface ExchangeFlags extends CorrelationFlags {
  readonly timeout?: number
  readonly connectionTimeout?: number
  readonly subscriptionTimeout?: number
  readonly acknowledgementTimeout?: number
  readonly responseTimeout?: number
  readonly retries?: number
  readonly attemptTimeout?: number
  readonly qos?: 0 | 1 | 2
  readonly property?: readonly (readonly [string, string])[]
  readonly traceparent?: string | true
  readonly onDisconnect?: 'fail' | 'keep' | 'resend'
  /** `false` by `--no-fail-fast`. */
  readonly failFast: boolean
  readonly strictResponses?: true
}

/** Adds the options of an exchange to a command. */
export function addExchangeFlags(command: Command): Command {
  const group = 'Exchange options:'
  const option = (flags: string, about: string): Option => new Option(flags, about).helpGroup(group)
  const options = [
    option('-t, --timeout <duration>', 'how long to wait for the response, in all (default: 5s)').argParser(
      duration,
    ),
    option(
      '--response-timeout <duration>',
      'how long to wait for the first response, once the request is sent',
    ).argParser(duration),
    option('--connection-timeout <duration>', 'how long to wait for the connection').argParser(duration),
    option('--subscription-timeout <duration>', 'how long to wait for the SUBACK').argParser(duration),
    option('--acknowledgement-timeout <duration>', 'how long to wait for the PUBACK').argParser(duration),
    option('--retries <count>', 'how often to send the request again (default: 0)').argParser(wholeNumber(0)),
    option('--attempt-timeout <duration>', 'how long to wait before that').argParser(duration),
    option('-q, --qos <level>', 'the QoS of the request (default: 1)').argParser(oneOfNumbers(0, 1, 2)),
    option('-p, --property <name=value>', 'a User Property of the request; may be repeated').argParser(pair),
    option(
      '--traceparent [context]',
      'send a W3C trace context: this one, that of TRACEPARENT, or a new one, which is printed',
    ),
    option('--on-disconnect <action>', 'what to do if the connection is lost (default: keep)').choices([
      'keep',
      'fail',
      'resend',
    ]),
    option('--no-fail-fast', 'wait for the timeout even if the broker reports no subscriber'),
    option('--strict-responses', 'fail on a response without a status, which a plain MQTT client sends'),
  ]
  for (const each of options) command.addOption(each)
  return addCorrelationFlags(command, group)
}
