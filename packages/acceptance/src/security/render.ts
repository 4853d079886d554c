import { html, table, type Html } from '@antiphon/report'
import type { AttackOutcome } from './test-bed/attack.js'
import type { AttackRecord } from './record.js'
import type { TlsRecord } from './tls.js'

/** Renders the attacks with their outcomes against Antiphon and against a peer. */
export function renderAttacks(attacks: readonly AttackRecord[], tls: readonly TlsRecord[]): Html {
  return html`<p>
      Each attack consists of raw packets and has its own broker and target process. Afterwards a legitimate
      request must be answered. A peer is attacked in the same way: a responder and requester written by hand
      over MQTT.js, for attacks on signatures the same application without them, or, for attacks on the
      broker, Mosquitto with its default settings.
    </p>
    ${table(
      ['attack', 'outcome', 'peer', 'outcome against the peer'],
      attacks.map(({ name, outcome, peer, noPeerReason = '' }) => [
        name,
        format(outcome),
        peer?.name ?? '',
        peer === undefined ? noPeerReason : format(peer.outcome),
      ]),
    )}
    <h3>Certificates</h3>
    ${table(
      ['connection', 'outcome'],
      tls.map(({ name, outcome }) => [name, format(outcome)]),
    )}`
}

function format({ isWithstood, detail }: AttackOutcome): string {
  return isWithstood ? `withstood: ${detail}` : `succeeded: ${detail}`
}
