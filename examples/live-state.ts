import type { LinkState } from '@antiphon/core'

/** What to say of a link that has lost its broker; `undefined` while it has not. */
export function offlineLine(state: LinkState): string | undefined {
  if (state.status !== 'offline') return undefined
  return `Offline: ${state.error.rawMessage}; trying again in ${Math.round(state.retryIn)} ms`
}
