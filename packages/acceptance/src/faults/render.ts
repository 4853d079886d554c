import { dotChart, figure, html, table, type Html } from '@antiphon/report'
import { median } from './figures.js'
import { brokerKinds, describeFault, type RequestOutcome } from './run/plan.js'
import { faultKinds } from './schedule.js'
import type { FaultsOutcome, RunRecord } from './section.js'
import type { StreamFigures } from './stream-verdict.js'

/** Renders the outcome of the fault bench. */
export function renderFaults({ runs }: FaultsOutcome): Html {
  return html`${preamble}
    <h3>Requests</h3>
    ${requestsTable(runs)}
    <h3>Streams with credit, and cancels</h3>
    ${streamsTable(runs)}
    <h3>Faults, and the time until the first response</h3>
    ${faultsTable(runs)} ${recoveryChart(runs)} ${promisesTable}
    <details>
      <summary>Every run</summary>
      ${runsTable(runs)}
    </details>`
}

const preamble = html`<p>
  Two requesters, three responders that share a group, and a broker, each in a separate process, with a proxy
  on every connection. One handler in a hundred is slow, and beside the requests run streams with credit and
  requests that are cancelled. Each process writes a ledger, one line per event; the ledgers are compared at
  the end of the run.
</p>`

const promisesTable = html`<h3>Rules</h3>
  ${table(
    ['rule', 'when'],
    [
      ['Every request has exactly one outcome: a response or a typed error', 'always'],
      ['A response reaches the requester that sent the request', 'always'],
      [
        'A responder process handles a request once, however often it is delivered, as long as its requester waits',
        'always; where bytes were changed, by the correlation and the response topic under which it came',
      ],
      ['No process ends by itself, or cannot be ended', 'always'],
      [
        'The inspector shows every exchange once, with its outcome, and every handler run; no event is lost',
        'in the runs that it watches',
      ],
      [
        'Every request whose requester waits until 10 s after the last fault is answered, so no acknowledged request is lost',
        'except where bytes were changed, or the requester’s own clock was set forward',
      ],
      ['Responses arrive again within 10 s of the last fault', 'except where bytes were changed'],
      ['The items of a stream arrive in order, once and without a gap', 'except where bytes were changed'],
      [
        'Every stream completes',
        'except where a responder was killed, a session dropped, bytes changed or a clock set forward, or Mosquitto was killed',
      ],
      [
        'A cancel stops its handler',
        'if it is sent after the last fault, except where bytes were changed. A cancel has QoS 0: a fault may lose it, and the handler then stops at the expiry of its request',
      ],
      [
        'No request is handled by two responders',
        'where it was sent once and no connection was lost, also in a rolling restart. Otherwise MQTT delivers at least once, and a redelivery may go to another responder, which cannot know of the first delivery: counted as handled again elsewhere',
      ],
    ],
  )}
  <p>
    Mosquitto acknowledges before it writes its store, and SIGKILL may lose what it acknowledged: there, and
    if a session is dropped, requests are retried (<code>retry</code>,
    <code>onDisconnect: 'resend'</code>), and every one must be answered that way. The embedded broker writes
    first; over it, requests are also sent once only, and each acknowledged one must be answered. Mosquitto
    keeps the messages of a killed member for its session, the embedded broker delivers them to another
    member.
  </p>`

function requestsTable(runs: readonly RunRecord[]): Html {
  const total = (of: readonly RunRecord[], value: (run: RunRecord) => number): number =>
    of.reduce((sum, run) => sum + value(run), 0)
  return table(
    [
      'broker',
      'sent',
      'runs',
      'requests',
      'answered',
      'ended in errors',
      'handled',
      'handled again elsewhere',
      'duplicates recognised',
      'unmatched responses',
      'breaches',
    ],
    brokerKinds.flatMap((broker) =>
      (['once', 'retried'] as const).map((style) => {
        const selected = runs.filter(
          ({ plan }) => plan.broker === broker && plan.requestPolicy.style === style,
        )
        return [
          broker,
          style,
          selected.length,
          total(selected, ({ verdict }) => verdict.requests),
          total(selected, ({ verdict }) => verdict.outcomes.response ?? 0),
          errorsIn(selected),
          total(selected, ({ verdict }) => verdict.handled),
          total(selected, ({ verdict }) => verdict.handledElsewhere),
          total(selected, ({ verdict }) => verdict.duplicates),
          total(selected, ({ verdict }) => verdict.unmatched),
          total(selected, ({ verdict }) => verdict.breaches.length),
        ]
      }),
    ),
  )
}

function streamsTable(runs: readonly RunRecord[]): Html {
  return table(
    ['broker', 'streams', 'completed', 'cancels', 'stopped their handler'],
    brokerKinds.map((broker) => {
      const selected = runs.filter(({ plan }) => plan.broker === broker)
      const total = (name: keyof StreamFigures): number =>
        selected.reduce((sum, { verdict }) => sum + verdict[name], 0)
      return [broker, ...(['streams', 'completedStreams', 'cancels', 'arrivedCancels'] as const).map(total)]
    }),
  )
}

function errorsIn(runs: readonly RunRecord[]): string {
  const counts = new Map<string, number>()
  for (const { verdict } of runs)
    for (const [outcome, count] of Object.entries(verdict.outcomes) as [RequestOutcome, number][])
      if (outcome !== 'response') counts.set(outcome, (counts.get(outcome) ?? 0) + count)
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || '0'
}

interface KindRow {
  readonly name: string
  readonly faults: number
  readonly recoveries: readonly number[]
}

function byKind(runs: readonly RunRecord[]): readonly KindRow[] {
  return faultKinds.map((name) => ({
    name,
    faults: runs.flatMap(({ plan }) => plan.faults).filter(({ kind }) => kind === name).length,
    recoveries: runs
      .flatMap(({ verdict }) => verdict.recoveries)
      .filter(({ kind }) => kind === name)
      .map(({ milliseconds }) => milliseconds),
  }))
}

function faultsTable(runs: readonly RunRecord[]): Html {
  const format = (milliseconds: number): string =>
    Number.isFinite(milliseconds) ? `${Math.round(milliseconds)} ms` : '–'
  return table(
    ['fault', 'times', 'median recovery', 'worst'],
    byKind(runs).map(({ name, faults, recoveries }) => [
      name,
      faults,
      format(median(recoveries)),
      format(Math.max(...recoveries)),
    ]),
  )
}

function recoveryChart(runs: readonly RunRecord[]): Html {
  return figure(
    dotChart({
      title: 'From the end of a fault to the first response',
      x: 'milliseconds',
      rows: byKind(runs).map(({ name, recoveries }) => ({ name, values: recoveries })),
    }),
  )
}

function runsTable(runs: readonly RunRecord[]): Html {
  return table(
    ['seed', 'broker', 'sent', 'faults', 'requests', 'per second', 'outcomes', 'breaches'],
    runs.map(({ plan, verdict }) => [
      String(plan.seed),
      plan.broker,
      plan.requestPolicy.style,
      plan.faults.map((fault) => html`${describeFault(fault)}<br />`),
      verdict.requests,
      Math.round(verdict.rate),
      Object.entries(verdict.outcomes)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', '),
      verdict.breaches.length,
    ]),
  )
}
