import { nearestNameHint } from '@antiphon/core/link'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'

/** How responses are matched to requests. */
export type CorrelationName = 'bytes' | 'data' | 'in-order' | 'topic' | `payload:${string}`

/** The platforms whose dialects are known by name. */
export const dialectNames = [
  'aws-iot',
  'azure-iot-operations',
  'nestjs',
  'shelly',
  'thingsboard',
  'zigbee2mqtt',
] as const

export type DialectName = (typeof dialectNames)[number]

/** The options of how responses are matched to requests. */
export interface CorrelationFlags {
  readonly dialect?: DialectName
  readonly correlation?: CorrelationName
  readonly responseTopic?: string
}

/** Adds the options of how responses are matched to requests. */
export function addCorrelationFlags(command: Command, group: string): Command {
  return command
    .addOption(
      new Option(
        '--correlation <how>',
        'data: Correlation Data (default); bytes: 16 bytes of it; payload:<field>: a field of JSON payloads; topic: the response topic alone; in-order: none. The last three work with MQTT 3.1.1 and need --response-topic',
      )
        .argParser(correlationName)
        .helpGroup(group),
    )
    .addOption(
      new Option(
        '--dialect <platform>',
        'matches responses, and reads failures, as this platform does; instead of --correlation',
      )
        .choices(dialectNames)
        .argParser(dialectName)
        .helpGroup(group),
    )
    .addOption(
      new Option(
        '--response-topic <topic>',
        'the topic of the responses; it may have parameters (default: that of the requester)',
      ).helpGroup(group),
    )
}

function dialectName(text: string): DialectName {
  const found = dialectNames.find((name) => name === text)
  if (found !== undefined) return found
  throw new InvalidArgumentError(nearestNameHint(text, dialectNames))
}

function correlationName(text: string): CorrelationName {
  if (/^(data|bytes|topic|in-order|payload:.+)$/.test(text)) return text as CorrelationName
  throw new InvalidArgumentError('it must be data, bytes, payload:<field>, topic or in-order')
}
