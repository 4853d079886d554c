import type { OptionRules } from '@antiphon/core/link'
import { antiphonWire } from './antiphon-wire.js'
import { linkSourceRules, type LinkSource } from './link-source.js'
import type { Wire } from './wire.js'

/** What a server and a client have in common. */
export interface WireOptions extends LinkSource {
  /**
   * How messages look on MQTT: as those of Antiphon, or as those of Nest's own MQTT transport, for peers that use it.
   * @defaultValue 'antiphon'
   */
  readonly wire?: 'antiphon' | 'nest'
}

export const wireOptionRules: OptionRules<WireOptions> = { ...linkSourceRules, wire: ['antiphon', 'nest'] }

/** Returns the wire that the options name. */
export function wireOf({ wire = 'antiphon' }: WireOptions): Wire {
  return { antiphon: antiphonWire, nest: antiphonWire }[wire]
}
