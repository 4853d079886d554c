import type { ExchangeEvent } from '@antiphon/core/events'

/** A participant of an exchange. */
export type Lane = 'requester' | 'broker' | 'responder'

/** An arrow between two lanes, or a note on one. */
export interface SequenceStep {
  readonly at: number
  readonly from: Lane
  readonly to: Lane
  readonly text: string
  readonly kind: ExchangeEvent['kind']
}

/** Returns the steps of a sequence diagram: the events of an exchange and of its connections, in the order of time. */
export function toSequence(
  events: readonly ExchangeEvent[],
  connections: readonly ExchangeEvent[],
  sideOf: (link: string) => 'requester' | 'responder',
): readonly SequenceStep[] {
  // In one millisecond, a connection comes before the messages that it carries, and goes after them.
  const onlineAt = new Set(connections.filter(({ kind }) => kind === 'online').map(({ at }) => at))
  const rankOf = ({ side, at }: ExchangeEvent): number => (side !== 'link' ? 1 : onlineAt.has(at) ? 0 : 2)
  return [...events, ...connections]
    .sort((a, b) => a.at - b.at || rankOf(a) - rankOf(b))
    .map((event) => ({ at: event.at, kind: event.kind, ...stepOf(event, sideOf) }))
}

function stepOf(
  event: ExchangeEvent,
  sideOf: (link: string) => 'requester' | 'responder',
): Pick<SequenceStep, 'from' | 'to' | 'text'> {
  const lane = event.side === 'link' ? sideOf(event.link) : event.side
  const note = (text: string): Pick<SequenceStep, 'from' | 'to' | 'text'> => ({ from: lane, to: lane, text })
  const out = (text: string): Pick<SequenceStep, 'from' | 'to' | 'text'> => ({
    from: lane,
    to: 'broker',
    text,
  })
  const into = (text: string): Pick<SequenceStep, 'from' | 'to' | 'text'> => ({
    from: 'broker',
    to: lane,
    text,
  })
  switch (event.kind) {
    case 'sent':
      return out('PUBLISH request')
    case 'retried':
      return out(`PUBLISH request, attempt ${event.attempt}`)
    case 'acknowledged':
      return into(event.reasonCode === 0 ? 'PUBACK' : `PUBACK 0x${event.reasonCode.toString(16)}`)
    case 'accepted':
      return into('PUBLISH acceptance')
    case 'received':
      return into(event.side === 'requester' ? 'PUBLISH response' : 'PUBLISH request')
    case 'responded':
      return out('PUBLISH response')
    case 'duplicate':
      return into('PUBLISH duplicate request')
    case 'ignored':
      return into(`PUBLISH, ignored: ${event.reason}`)
    case 'credit':
      return event.side === 'requester' ? out(`credit ${event.total}`) : into(`credit ${event.total}`)
    case 'cancelled':
      return event.side === 'requester' ? out('cancel') : into('cancel')
    case 'settled':
      return note(`settled: ${event.outcome}${event.status === undefined ? '' : ` ${event.status}`}`)
    case 'offline':
      return note(`offline: ${event.error.message}`)
    default:
      return note(event.kind)
  }
}
