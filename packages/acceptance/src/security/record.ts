import type { Attack, AttackOutcome } from './test-bed/attack.js'
import type { TestBedKind } from './test-bed/test-bed.js'

/** An attack with its outcomes against Antiphon and against a peer. */
export interface AttackRecord {
  readonly name: string
  readonly outcome: AttackOutcome
  /** The outcome against the peer; absent if the attack was not run against a peer. */
  readonly peer?: { readonly name: string; readonly outcome: AttackOutcome }
  /** Why the attack was not run against a peer. */
  readonly noPeerReason?: string
}

/** The test beds for attacks on each layer, and those of their peers. */
export const testBeds: Readonly<
  Record<
    Attack['layer'],
    { readonly antiphon: TestBedKind; readonly peer: TestBedKind; readonly peerName: string }
  >
> = {
  library: {
    antiphon: { target: 'antiphon', broker: 'embedded' },
    peer: { target: 'by-hand', broker: 'embedded' },
    peerName: 'MQTT.js by hand',
  },
  signatures: {
    antiphon: { target: 'signed', broker: 'embedded' },
    peer: { target: 'antiphon', broker: 'embedded' },
    peerName: 'Antiphon without signatures',
  },
  broker: {
    antiphon: { target: 'antiphon', broker: 'embedded' },
    peer: { target: 'antiphon', broker: 'mosquitto' },
    peerName: 'Mosquitto',
  },
}

/** Returns the attacks that succeeded against Antiphon; those against a peer are not failures. */
export function failuresOf(records: readonly Pick<AttackRecord, 'name' | 'outcome'>[]): readonly string[] {
  return records
    .filter(({ outcome }) => !outcome.isWithstood)
    .map(({ name, outcome }) => `${name}: ${outcome.detail}`)
}
