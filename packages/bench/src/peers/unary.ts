import { slice, type Open, type SliceOrder } from './load.js'
import { runPeer, type Role } from './run-peer.js'

/** How a question is asked. */
export type Form = 'plain' | 'promise'

/** A way to ask and answer single questions, as one process does either. */
export interface Talkers {
  /** Connects; what it resolves with opens a caller of a form. */
  readonly requester: (role: Role) => Promise<(form: Form) => Open>
  /** Connects and answers, until the process ends. */
  readonly responder: (role: Role) => Promise<unknown>
}

/** Becomes a requester or a responder. */
export function runUnary(talkers: Talkers): Promise<void> {
  return runPeer(async (role) => {
    if (role.part === 'responder') {
      await talkers.responder(role)
      return {}
    }
    const open = await talkers.requester(role)
    return {
      slice: ({ form = 'plain', ...order }: SliceOrder & { readonly form?: Form }) =>
        slice(open(form), order),
    }
  })
}
