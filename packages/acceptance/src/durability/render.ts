import { html, table, type Html } from '@antiphon/report'
import type { DurabilityOutcome } from './section.js'

/** Renders one line for each broker and case. */
export function renderDurability({ kills, runs }: DurabilityOutcome): Html {
  return html`<p>
      A requester writes each request to a store before it sends it, and a responder each response before it
      publishes it (<code>@antiphon/durable</code>). SIGKILL ends each of the named processes ${String(kills)}
      times under load; it is started again at once. Every request must get its outcome, and no handler may
      run twice for one. If the handler of a request was killed, the outcome says that it was interrupted.
    </p>
    ${table(
      ['broker', 'killed', 'requests', 'answered', 'interrupted', 'lost', 'handled twice', 'wrong outcome'],
      runs.map(({ broker, name, verdict }) => [
        broker,
        name,
        verdict.requests.toLocaleString('en'),
        verdict.answered.toLocaleString('en'),
        String(verdict.interrupted),
        countOf(verdict.lost),
        countOf(verdict.twice),
        countOf(verdict.wrong),
      ]),
    )}`
}

function countOf(keys: readonly string[]): Html {
  return html`<span class="${keys.length === 0 ? 'good' : 'bad'}">${String(keys.length)}</span>`
}
