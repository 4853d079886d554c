import type { Attack, Verdict } from './attack.js'
import type { GroundKind } from './ground.js'

/** One attack, and what came of it here and at a peer. */
export interface AttackRecord {
  readonly tried: string
  readonly ours: Verdict
  /** Not there where no peer can be tried in the same way; then why. */
  readonly peer?: { readonly name: string; readonly verdict: Verdict }
  readonly withoutPeer?: string
}

/** Who stands for the library, who for the broker, and their peers. */
export const grounds: Readonly<
  Record<Attack['on'], { readonly ours: GroundKind; readonly peer: GroundKind; readonly peerName: string }>
> = {
  library: {
    ours: { victim: 'antiphon', broker: 'embedded' },
    peer: { victim: 'by-hand', broker: 'embedded' },
    peerName: 'MQTT.js by hand',
  },
  broker: {
    ours: { victim: 'antiphon', broker: 'embedded' },
    peer: { victim: 'antiphon', broker: 'mosquitto' },
    peerName: 'Mosquitto',
  },
}

/** The sentences of what did not hold here; a peer's are for the table alone. */
export function failuresOf(records: readonly Pick<AttackRecord, 'tried' | 'ours'>[]): readonly string[] {
  return records.filter(({ ours }) => !ours.held).map(({ tried, ours }) => `${tried}: ${ours.what}`)
}
