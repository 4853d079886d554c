import { html, table, type Html } from '@antiphon/report'
import { designs, type Design, type MeasureResult } from './measure/measure.js'
import type { MeasureRecord, MeasuresOutcome } from './section.js'

const explanations: Readonly<Record<Design, string>> = {
  Acknowledgement:
    'A request is acknowledged when its handler starts, so a slow handler or an open stream does not fill the window of messages that a broker sends before it waits for acknowledgements.',
  Groups:
    'Cancel, credit and retry go to the control topic of the member that has the request, and not to any member of the group.',
  'Sticky groups':
    'Requests with equal keys go to the same member, which presence announces and which has a topic of its own. So these groups need no shared subscriptions.',
  Stopping:
    'A member that leaves handles what the broker has assigned to it. A responder that pauses leaves new requests in its session, for its next start.',
}

/** Renders the measures as one table for each design, with a column for each broker. */
export function renderMeasures({ brokers, records }: MeasuresOutcome): Html {
  return html`<p>
      Each broker runs with its default settings, in a process of its own; requesters and responders share
      another process. RabbitMQ and ejabberd have no shared subscriptions, which groups of the broker need and
      sticky groups do not.
    </p>
    ${designs.map((design) => tableOf(design, brokers, records))}`
}

function tableOf(design: Design, brokers: readonly string[], records: readonly MeasureRecord[]): Html {
  const ofDesign = records.filter((record) => record.design === design)
  const names = [...new Set(ofDesign.map(({ name }) => name))]
  return html`<h3>${design}</h3>
    <p>${explanations[design]}</p>
    ${table(
      ['measure', 'target', ...brokers],
      names.map((name) => {
        const row = ofDesign.filter((record) => record.name === name)
        return [
          name,
          row[0]?.target ?? '',
          ...brokers.map((broker) => cell(row.find((record) => record.broker === broker)?.result)),
        ]
      }),
    )}`
}

function cell(result: MeasureResult | undefined): Html {
  if (result === undefined) return html`<span class="soft">no groups</span>`
  const { value, isMet, detail } = result
  return html`<span class="${isMet ? 'good' : 'bad'}">${isMet ? '' : 'missed: '}${value}</span>${
      detail === undefined ? '' : html`<br /><small>${detail}</small>`
    }`
}
