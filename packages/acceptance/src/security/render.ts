import { html, type Html } from '../report/html.js'
import { table } from '../report/table.js'
import type { Verdict } from './attack.js'
import type { AttackRecord } from './record.js'
import type { TlsRecord } from './tls.js'

/** What was tried, what came of it, and what came of the same at a peer. */
export function renderAttacks(attacks: readonly AttackRecord[], tls: readonly TlsRecord[]): Html {
  return html`<p>
      Each attack is made from raw packets, on a broker and a victim of its own. Afterwards an honest question
      has to be answered. The same is done to a peer: to a responder and caller written by hand over MQTT.js,
      and where it is the broker that has to hold, to Mosquitto with its usual settings.
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
