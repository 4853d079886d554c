import type { LinkState } from '@antiphon/core'
import type { Exchange, Outcome } from './exchange.js'
import type { LinkStage } from './link-stage.js'

/** A few words, and some more. */
export interface Words {
  readonly title: string
  readonly detail: string
}

/** What each status of a link is called. */
export const statusTitles: Readonly<Record<LinkState['status'], string>> = {
  connecting: 'Connecting',
  online: 'Online',
  offline: 'Offline',
  closed: 'Closed',
}

/** What each outcome is called. */
export const outcomeTitles: Readonly<Record<Outcome, string>> = {
  pending: 'Pending',
  responded: 'Answered',
  refused: 'Refused',
  'timed-out': 'Timed out',
  failed: 'Failed',
}

/** Where the link stands. */
export function linkWords({ state, from }: LinkStage, now: number): Words {
  const title = statusTitles[state.status]
  switch (state.status) {
    case 'connecting':
      return { title, detail: state.attempt === 1 ? 'To the hub' : `To the hub, attempt ${state.attempt}` }
    case 'online':
      return { title, detail: state.info.sessionPresent ? 'The session lives on' : 'With a new session' }
    case 'offline': {
      const wait = Math.max(0, from + state.retryIn - now)
      return { title: `${title}, trying again in ${seconds(wait)}`, detail: state.error.rawMessage }
    }
    case 'closed':
      return { title, detail: state.error?.rawMessage ?? 'For good' }
  }
}

/** Where an exchange stands. */
export function exchangeWords({ outcome, detail }: Exchange, status: LinkState['status']): Words {
  const title = outcomeTitles[outcome]
  if (outcome !== 'pending') return { title, detail }
  return { title, detail: status === 'online' ? 'Waiting for the car' : 'Kept until the link is back' }
}

/** What a phone says below its picture of the car. */
export function saidOf(exchange: Exchange | undefined, status: LinkState['status']): string {
  if (exchange === undefined) return 'Locked'
  if (exchange.outcome === 'responded') return 'Unlocked'
  return exchangeWords(exchange, status).detail
}

/** What is read out of a link that has got to another stage. */
export function stageAnnouncement({ state }: LinkStage): string {
  return state.status === 'offline' ? `Offline: ${state.error.rawMessage}` : statusTitles[state.status]
}

/** What is read out of an exchange that has begun or ended. */
export function exchangeAnnouncement({ car, outcome, detail }: Exchange): string {
  return [car, outcomeTitles[outcome], detail].filter((part) => part !== '').join(', ')
}

/** A time for people. */
export function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : seconds(milliseconds)
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`
}
