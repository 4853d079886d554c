import type { OptionRules } from '@antiphon/core/link'
import { antiphonWire } from './wire/antiphon-wire.js'
import { linkSourceRules, type LinkSource } from './link-source.js'
import { nestWire } from './wire/nest-wire.js'
import type { Wire } from './wire/wire.js'

/** What a server and a client have in common. */
export interface WireOptions extends LinkSource {
  /**
   * How messages look on MQTT: as those of Antiphon, or as those of Nest's own MQTT transport, for peers that use it.
   * @defaultValue 'antiphon'
   */
  readonly wire?: 'antiphon' | 'nest'
  /**
   * What precedes the topic of each pattern that is no endpoint, such as `shop/`. Set it if messages of both wires are on one
   * broker, since each would take those of the other for events. @defaultValue ''
   */
  readonly topicPrefix?: string
}

export const wireOptionRules: OptionRules<WireOptions> = {
  ...linkSourceRules,
  wire: ['antiphon', 'nest'],
  topicPrefix: 'string',
}

/** Returns the wire that the options name. */
export function wireOf({ wire = 'antiphon' }: WireOptions): Wire {
  return { antiphon: antiphonWire, nest: nestWire }[wire]
}
