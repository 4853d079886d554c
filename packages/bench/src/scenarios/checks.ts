import { antiphon, byHand, checkedAntiphon } from '../names.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'
import { startUnaryPair, warmUp, type UnaryPair } from './unary-pair.js'

/** Measures what optional checks of requests and responses cost, and that requests without them do not pay. */
export function checks({ milliseconds, profile }: Settings): AnyScenario {
  return scenario<UnaryPair>({
    section: 'Optional checks',
    about:
      'The same requests without options, and with `onResponse` and `expectedResponder` at the requester and `authenticate` at the responder. The Map has none of them: the first row beside it is what an application pays that does not use them.',
    contestants: [antiphon, byHand, checkedAntiphon],
    start: (name) =>
      startUnaryPair({ requester: name, responder: name, broker: 'mosquitto', qos: 0, ...profile }),
    warm: (pair) => warmUp(pair, 256),
    stop: (pair) => pair.stop(),
    rows: [64, 256].map((inFlight): Row<UnaryPair> => ({
      title: `optional checks, QoS 0, ${inFlight} in flight`,
      facts: { kind: 'checks', inFlight },
      seconds: milliseconds / 1_000,
      measure: (pair) => pair.slice({ inFlight, milliseconds, bytes: 32 }),
    })),
  })
}
