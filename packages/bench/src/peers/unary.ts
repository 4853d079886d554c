import { slice, type OpenRequester, type SliceOptions } from './load.js'
import { runPeer, type Role } from './run-peer.js'

/** The API of a request: the plain one of the contestant, or a promise. */
export type Form = 'plain' | 'promise'

/** The requester and the responder of a contestant. */
export interface UnaryProgram {
  /** Connects; resolves with a function that opens a requester of a form. */
  readonly requester: (role: Role) => Promise<(form: Form) => OpenRequester>
  /** Connects and serves requests until the process ends. */
  readonly responder: (role: Role) => Promise<unknown>
}

/** Runs this process as requester or responder, depending on its role. */
export function runUnary(program: UnaryProgram): Promise<void> {
  return runPeer(async (role) => {
    if (role.part === 'responder') {
      await program.responder(role)
      return {}
    }
    const open = await program.requester(role)
    return {
      slice: ({ form = 'plain', ...options }: SliceOptions & { readonly form?: Form }) =>
        slice(open(form), options),
    }
  })
}
