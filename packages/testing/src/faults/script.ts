import { AntiphonError } from '@antiphon/core'
import { framesOf } from '../marbles/frames.js'
import type { Fault, ScriptedFault } from './fault.js'

/**
 * What each marble of a fault script stands for. A capital is the harder form: the session goes as well, or the message
 * is one from the client instead of one to it.
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
 * A fault script written as marbles, as data: `'--x----r--'` cuts at 2 and restores at 7.
 *
 * Time runs as in the diagrams of `TestScheduler.run`: a millisecond a character, none for a space, `10ms` and `2s`
 * understood, an instant for what is in brackets. `values` name more marbles, or give others a new meaning.
 */
export function faultScript(
  marbles: string,
  values: Readonly<Record<string, Fault>> = {},
): readonly ScriptedFault[] {
  const meaning = { ...faultAlphabet, ...values }
  return framesOf(marbles, 'a fault').map(({ frame, marble }) => {
    const fault = meaning[marble]
    if (fault === undefined) {
      const known = Object.keys(meaning).join(' ')
      throw new AntiphonError(
        'invalid-argument',
        `'${marble}' in the fault script '${marbles}' stands for nothing. Known are ${known}; name others in 'values'.`,
      )
    }
    return { at: frame, fault }
  })
}
