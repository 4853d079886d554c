import type { ExchangeEvent } from '@antiphon/core/events'

const SIDES: ReadonlySet<unknown> = new Set(['requester', 'responder', 'link'])

/** Reads a line of a recording. Returns `undefined` if it is not an event: a file may contain anything. */
export function readEvent(line: string): ExchangeEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  return toEvent(value)
}

/** Returns a value as an event, or `undefined` if it is not one. */
export function toEvent(value: unknown): ExchangeEvent | undefined {
  if (!isRecord(value)) return undefined
  const { kind, side, at, client, link, endpoint, exchange, message } = value
  const isEvent =
    typeof kind === 'string' &&
    SIDES.has(side) &&
    typeof at === 'number' &&
    typeof client === 'string' &&
    typeof link === 'string' &&
    (side === 'link' || typeof endpoint === 'string') &&
    (exchange === undefined || typeof exchange === 'number') &&
    (needsMessage(kind, side) ? isMessage(message) : message === undefined || isMessage(message)) &&
    hasParts(value)
  return isEvent ? (value as unknown as ExchangeEvent) : undefined
}

const WITH_MESSAGE: ReadonlySet<unknown> = new Set([
  'sent',
  'retried',
  'received',
  'accepted',
  'responded',
  'duplicate',
  'ignored',
  'unmatched',
])

function needsMessage(kind: string, side: unknown): boolean {
  return WITH_MESSAGE.has(kind) && side !== undefined
}

function isMessage(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { topic, bytes, userProperties, payload, contentType } = value
  return (
    typeof topic === 'string' &&
    typeof bytes === 'number' &&
    (payload === undefined || typeof payload === 'string') &&
    (contentType === undefined || typeof contentType === 'string') &&
    (userProperties === undefined ||
      (Array.isArray(userProperties) &&
        userProperties.every(
          (pair: unknown) =>
            Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string'),
        )))
  )
}

/** Whether the properties that the inspector shows have their types, by kind. */
function hasParts({
  kind,
  outcome,
  error,
  reasonCode,
  total,
  count,
  attempt,
  timeout,
}: Record<string, unknown>): boolean {
  const isErrorValid = error === undefined || (isRecord(error) && typeof error['message'] === 'string')
  if (!isErrorValid) return false
  switch (kind) {
    case 'settled':
      return typeof outcome === 'string'
    case 'acknowledged':
      return typeof reasonCode === 'number'
    case 'credit':
      return typeof total === 'number'
    case 'dropped':
      return typeof count === 'number'
    case 'sent':
    case 'retried':
      return typeof attempt === 'number'
    case 'requested':
      return typeof timeout === 'number'
    case 'offline':
      return error !== undefined
    default:
      return true
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
