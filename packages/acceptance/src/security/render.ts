import { html, table, type Html } from '@antiphon/report'
import type { Verdict } from './attack.js'
import type { AttackRecord } from './record.js'
import type { TlsRecord } from './tls.js'

/** What was tried, what came of it, and what came of the same at a peer. */
export function renderAttacks(attacks: readonly AttackRecord[], tls: readonly TlsRecord[]): Html {
  return html`<p>
      Each attack is made of raw packets, against a broker and a victim of its own. Afterwards a legitimate
      request must be answered. A peer is attacked in the same way: a responder and requester written by hand
      over MQTT.js, or, where the broker has to hold, Mosquitto with its default settings.
    </p>
    ${table(
      ['tried', 'outcome', 'peer', 'outcome there'],
      attacks.map(({ tried, ours, peer, withoutPeer = '' }) => [
        tried,
        shown(ours),
        peer?.name ?? '',
        peer === undefined ? withoutPeer : shown(peer.verdict),
      ]),
    )}
    <h3>Certificates</h3>
    ${table(
      ['tried', 'outcome'],
      tls.map(({ tried, ours }) => [tried, shown(ours)]),
    )}`
}

function shown({ held, what }: Verdict): string {
  return held ? `held: ${what}` : `did not hold: ${what}`
}
