import { h, type ComponentChild } from 'preact'
import type { ExchangeLog } from '../src/model/exchange-log.js'
import type { ExchangeRow } from '../src/model/exchange-row.js'
import { toSequence } from '../src/model/sequence.js'
import { SequenceDiagram } from './sequence-diagram.js'

/** The properties of the sequence. */
export interface ExchangeSequenceProps {
  readonly row: ExchangeRow
  readonly log: ExchangeLog
}

/** Draws one exchange of a log, with what happened to the connections of its two sides. */
export function ExchangeSequence({ row, log }: ExchangeSequenceProps): ComponentChild {
  const requesterLink = row.events.find(({ side }) => side === 'requester')?.link
  return h(SequenceDiagram, {
    steps: toSequence(row.events, log.connectionsDuring(row), (link) =>
      link === requesterLink ? 'requester' : 'responder',
    ),
    names: { requester: row.requester ?? '', broker: '', responder: row.responder ?? '' },
  })
}
