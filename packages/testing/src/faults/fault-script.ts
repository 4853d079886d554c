import { AntiphonError } from '@antiphon/core'
import { framesOf } from '../time/frames.js'
import type { Fault, ScriptedFault } from './fault.js'

/**
 * The fault of each marble of a fault script. A capital letter also loses the session, or affects a message from the
 * client instead of one to it.
 */
export const faultAlphabet: Readonly<Record<string, Fault>> = {
  x: { kind: 'cut' },
  X: { kind: 'cut', session: 'lose' },
  r: { kind: 'restore' },
  i: { kind: 'disconnect' },
  I: { kind: 'disconnect', session: 'lose' },
  k: { kind: 'disconnect', reasonCode: 0x98 },
  t: { kind: 'disconnect', reasonCode: 0x8e },
  b: { kind: 'restart' },
  B: { kind: 'restart', sessions: 'lose' },
  d: { kind: 'down' },
  D: { kind: 'down', sessions: 'lose' },
  u: { kind: 'up' },
  n: { kind: 'refuse-connect', reasonCode: 0x88 },
  y: { kind: 'allow-connect' },
  s: { kind: 'slow', by: 100 },
  f: { kind: 'fast' },
  o: { kind: 'drop' },
  O: { kind: 'drop', direction: 'from-client' },
  w: { kind: 'duplicate' },
  W: { kind: 'duplicate', direction: 'from-client' },
  l: { kind: 'delay', by: 10 },
  L: { kind: 'delay', by: 10, direction: 'from-client' },
  v: { kind: 'reorder', by: 10 },
  V: { kind: 'reorder', by: 10, direction: 'from-client' },
  c: { kind: 'corrupt' },
  C: { kind: 'corrupt', direction: 'from-client' },
  m: { kind: 'malform' },
  h: { kind: 'heal' },
}

/**
 * Parses a fault script from marbles: `'--x----r--'` cuts at 2 ms and restores at 7 ms.
 *
 * Time progresses as in the diagrams of `TestScheduler.run`: one millisecond per character, none for a space, `10ms` and
 * `2s` as written, one instant for a group in parentheses. `values` define further marbles or redefine existing ones.
 */
export function faultScript(
  marbles: string,
  values: Readonly<Record<string, Fault>> = {},
): readonly ScriptedFault[] {
  const faults = { ...faultAlphabet, ...values }
  return framesOf(marbles, 'a fault').map(({ frame, marble }) => {
    const fault = faults[marble]
    if (fault === undefined) {
      const knownMarbles = Object.keys(faults).join(' ')
      throw new AntiphonError(
        'invalid-argument',
        `unknown marble '${marble}' in the fault script '${marbles}': it must be one of ${knownMarbles}; define others in values`,
      )
    }
    return { at: frame, fault }
  })
}
