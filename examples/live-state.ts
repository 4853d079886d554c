import type { LinkState } from '@antiphon/core'

/** Describes the offline state of a link. Returns `undefined` for any other state. */
export function offlineLine(state: LinkState): string | undefined {
  if (state.status !== 'offline') return undefined
  return `Offline: ${state.error.rawMessage}; reconnecting in ${Math.round(state.retryIn)} ms`
}
