import type { ExchangeRow } from '../src/model/exchange-row.js'

/** Formats a time of day with milliseconds. Intl would take tens of milliseconds when the page opens. */
export function formatTime(at: number): string {
  const date = new Date(at)
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** Formats a duration. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`
  return milliseconds < 10_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`
}

/** Returns the outcome of an exchange as a word with its status. */
export function outcomeOf(row: ExchangeRow): string {
  if (row.isPending) return 'pending'
  const { outcome = '', status } = row
  // A response with a good status may fail at its requester, for example because it does not decode.
  const isShown = status !== undefined && (status >= 400 || outcome === 'responded')
  return isShown ? `${outcome} ${status}` : outcome
}

/** Returns the class of an outcome. */
export function toneOf(row: ExchangeRow): string {
  if (row.isPending) return 'warn'
  return row.outcome === 'responded' ? 'good' : row.outcome === 'cancelled' ? 'muted' : 'bad'
}

/** Formats a payload by its content type. */
export function formatPayload(payload: string, contentType: string | undefined): string {
  if (contentType !== undefined && !/json/i.test(contentType)) return payload
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
  } catch {
    return payload
  }
}
