import type { Ground } from './ground.js'

/** Something an attacker tries. */
export interface Attack {
  /** What is tried, for people. */
  readonly tried: string
  /** Whether the library has to hold it or the broker. */
  readonly on: 'library' | 'broker'
  /** Why no peer can be tried in the same way. */
  readonly withoutPeer?: string
  /** Tries it; says what came of it, and whether that is harmless. */
  readonly run: (ground: Ground) => Promise<Verdict>
}

/** Attacks that the library has to hold, or the broker. */
export function attacksOn(on: Attack['on'], ...attacks: readonly Omit<Attack, 'on'>[]): readonly Attack[] {
  return attacks.map((attack) => ({ ...attack, on }))
}

/** What came of an attack. */
export interface Verdict {
  readonly held: boolean
  readonly what: string
}

/** The verdict that holds exactly when nothing is wrong. */
export function verdict(what: string, ...wrong: readonly (string | false)[]): Verdict {
  const faults = wrong.filter((each) => each !== false)
  return faults.length === 0 ? { held: true, what } : { held: false, what: faults.join('; ') }
}

/** A question as the victim's service reads it. */
export function question(text: string): string {
  return JSON.stringify({ text })
}

/** The victim still answers its own questions. */
export async function stillWorks(ground: Ground): Promise<string | false> {
  const response = await ground.ask('fine')
  return response !== 'fine!' && `the next question of an honest caller ended with "${response}"`
}
