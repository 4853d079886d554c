import type { LinkState } from '@antiphon/core'
import type { Exchange, Outcome } from './exchange.js'
import type { LinkStage } from './link-stage.js'

/** A title and its detail. */
export interface Label {
  readonly title: string
  readonly detail: string
}

/** The titles of the states of a link. */
export const statusTitles: Readonly<Record<LinkState['status'], string>> = {
  connecting: 'Connecting',
  online: 'Online',
  offline: 'Offline',
  closed: 'Closed',
}

/** The titles of the outcomes. */
export const outcomeTitles: Readonly<Record<Outcome, string>> = {
  pending: 'Pending',
  responded: 'Succeeded',
  refused: 'Refused',
  'timed-out': 'Timed out',
  failed: 'Failed',
}

/** Describes the state of the link. */
export function linkLabel({ state, from }: LinkStage, now: number): Label {
  const title = statusTitles[state.status]
  switch (state.status) {
    case 'connecting':
      return { title, detail: state.attempt === 1 ? 'To the hub' : `To the hub, attempt ${state.attempt}` }
    case 'online':
      return { title, detail: state.info.sessionPresent ? 'Session resumed' : 'New session' }
    case 'offline': {
      const wait = Math.max(0, from + state.retryIn - now)
      return { title: `${title}, reconnecting in ${seconds(wait)}`, detail: state.error.rawMessage }
    }
    case 'closed':
      return { title, detail: state.error?.rawMessage ?? 'The link does not reconnect' }
  }
}

/** Describes the state of an exchange. */
export function exchangeLabel({ outcome, detail }: Exchange, status: LinkState['status']): Label {
  const title = outcomeTitles[outcome]
  if (outcome !== 'pending') return { title, detail }
  return { title, detail: status === 'online' ? 'Waiting for the car' : 'Waiting for the connection' }
}

/** Returns the text below the picture of the car. */
export function carLabel(exchange: Exchange | undefined, status: LinkState['status']): string {
  if (exchange === undefined) return 'Locked'
  if (exchange.outcome === 'responded') return 'Unlocked'
  return exchangeLabel(exchange, status).detail
}

/** Returns the text for a screen reader when the state of the link changes. */
export function stageAnnouncement({ state }: LinkStage): string {
  return state.status === 'offline' ? `Offline: ${state.error.rawMessage}` : statusTitles[state.status]
}

/** Returns the text for a screen reader when an exchange begins or ends. */
export function exchangeAnnouncement({ car, outcome, detail }: Exchange): string {
  return [car, outcomeTitles[outcome], detail].filter((part) => part !== '').join(', ')
}

/** Formats a duration. */
export function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : seconds(milliseconds)
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`
}
