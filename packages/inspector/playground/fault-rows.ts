import type { Fault, ScriptedFault } from '@antiphon/testing'

/** The faults that the page offers. */
export type FaultKind = 'lose-to' | 'lose-from' | 'repeat' | 'delay' | 'cut' | 'slow' | 'restart'

/** A fault as the page shows it. */
export interface FaultRow {
  readonly kind: FaultKind
  /** Virtual milliseconds since the start. */
  readonly at: number
  /** The client id; empty for every client. */
  readonly client: string
  /** The milliseconds of a delay or an interruption. */
  readonly by: number
}

/** What the page says of a kind of fault. */
export interface FaultForm {
  readonly label: string
  /** Whether a client is chosen. */
  readonly hasClient: boolean
  /** What the milliseconds are; `undefined` if there are none. */
  readonly by?: string
}

/** The kinds of faults, in the order of the menu. */
export const faultForms: Readonly<Record<FaultKind, FaultForm>> = {
  'lose-to': { label: 'Lose the next message to', hasClient: true },
  'lose-from': { label: 'Lose the next message from', hasClient: true },
  repeat: { label: 'Deliver the next message twice to', hasClient: true },
  delay: { label: 'Delay the next message to', hasClient: true, by: 'by' },
  cut: { label: 'Cut the connection of', hasClient: true, by: 'for' },
  slow: { label: 'Slow each packet of', hasClient: true, by: 'by' },
  restart: { label: 'Restart the broker without its sessions', hasClient: false },
}

/** Returns the fault script of the rows. */
export function toFaultScript(rows: readonly FaultRow[]): readonly ScriptedFault[] {
  return rows.flatMap(({ kind, at, client, by }) => {
    const choice = client === '' ? {} : { clientId: client }
    const now = (fault: Fault): readonly ScriptedFault[] => [{ at, fault }]
    switch (kind) {
      case 'lose-to':
        return now({ kind: 'drop', direction: 'to-client', ...choice })
      case 'lose-from':
        return now({ kind: 'drop', direction: 'from-client', ...choice })
      case 'repeat':
        return now({ kind: 'duplicate', ...choice })
      case 'delay':
        return now({ kind: 'delay', by, ...choice })
      case 'cut':
        return [...now({ kind: 'cut', ...choice }), { at: at + by, fault: { kind: 'restore', ...choice } }]
      case 'slow':
        return now({ kind: 'slow', by, ...choice })
      case 'restart':
        return now({ kind: 'restart', sessions: 'lose' })
    }
  })
}

/** Returns the client ids in the text of a program, in their order. */
export function clientsIn(source: string): readonly string[] {
  return [
    ...new Set(
      [...source.matchAll(/\bclientId:\s*(['"])([^'"\n]+)\1/g)].map(([, , clientId = '']) => clientId),
    ),
  ]
}
