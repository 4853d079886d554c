import { antiphon, observedAntiphon } from '../names.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'
import { startUnaryPair, warmUp, type UnaryPair } from './unary-pair.js'

/** Measures what the events of exchanges cost, next to the same exchanges without an observer. */
export function events({ milliseconds, profile }: Settings): AnyScenario {
  return scenario<UnaryPair>({
    section: 'Events of exchanges',
    about:
      'The same requests over a link without middleware, and with `observed` and a sink that counts events.',
    contestants: [antiphon, observedAntiphon],
    start: (name) =>
      startUnaryPair({ requester: name, responder: name, broker: 'mosquitto', qos: 0, ...profile }),
    warm: (pair) => warmUp(pair, 256),
    stop: (pair) => pair.stop(),
    rows: [64, 256].map((inFlight): Row<UnaryPair> => ({
      title: `observed, QoS 0, ${inFlight} in flight`,
      facts: { kind: 'events', inFlight },
      seconds: milliseconds / 1_000,
      measure: (pair) => pair.slice({ inFlight, milliseconds, bytes: 32 }),
    })),
  })
}
