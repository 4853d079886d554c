import { antiphon, byHand, checkedAntiphon, observedAntiphon } from '../names.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'
import { startUnaryPair, warmUp, type UnaryPair } from './unary-pair.js'

/** Single requests of this library beside the same requests with more of it. */
interface Variants {
  readonly section: string
  readonly about: string
  readonly contestants: readonly string[]
  readonly title: string
  readonly kind: string
}

/** Measures what the events of exchanges cost, next to the same exchanges without an observer. */
export function events(settings: Settings): AnyScenario {
  return variants(settings, {
    section: 'Events of exchanges',
    about:
      'The same requests over a link without middleware, and with `observed` and a sink that counts events.',
    contestants: [antiphon, observedAntiphon],
    title: 'observed',
    kind: 'events',
  })
}

/** Measures what optional checks of requests and responses cost, and that requests without them do not pay. */
export function checks(settings: Settings): AnyScenario {
  return variants(settings, {
    section: 'Optional checks',
    about:
      'The same requests without options, and with `onResponse` and `expectedResponder` at the requester and `authenticate` at the responder. The Map has none of them: the first row beside it is what an application pays that does not use them.',
    contestants: [antiphon, byHand, checkedAntiphon],
    title: 'optional checks',
    kind: 'checks',
  })
}

function variants({ milliseconds, profile }: Settings, { title, kind, ...heading }: Variants): AnyScenario {
  return scenario<UnaryPair>({
    ...heading,
    start: (name) =>
      startUnaryPair({ requester: name, responder: name, broker: 'mosquitto', qos: 0, ...profile }),
    warm: (pair) => warmUp(pair, 256),
    stop: (pair) => pair.stop(),
    rows: [64, 256].map((inFlight): Row<UnaryPair> => ({
      title: `${title}, QoS 0, ${inFlight} in flight`,
      facts: { kind, inFlight },
      seconds: milliseconds / 1_000,
      measure: (pair) => pair.slice({ inFlight, milliseconds, bytes: 32 }),
    })),
  })
}
