import type { TestBed } from './test-bed.js'

/** An attack on the library, on signed messages or on the broker. */
export interface Attack {
  /** A description of the attack. */
  readonly name: string
  /** Whether the library, its signatures or the broker must withstand the attack. */
  readonly layer: 'library' | 'signatures' | 'broker'
  /** Why the attack cannot be run against a peer. */
  readonly noPeerReason?: string
  /** Runs the attack; resolves with its outcome. */
  readonly run: (testBed: TestBed) => Promise<AttackOutcome>
}

/** Returns the attacks as attacks on a layer. */
export function attacksOn(
  layer: Attack['layer'],
  ...attacks: readonly Omit<Attack, 'layer'>[]
): readonly Attack[] {
  return attacks.map((attack) => ({ ...attack, layer }))
}

/** The outcome of an attack. */
export interface AttackOutcome {
  readonly isWithstood: boolean
  readonly detail: string
}

/** Returns the outcome of an attack, which is withstood exactly if no fault was found. */
export function attackOutcome(
  expected: string,
  ...possibleFaults: readonly (string | false)[]
): AttackOutcome {
  const faults = possibleFaults.filter((fault) => fault !== false)
  return faults.length === 0
    ? { isWithstood: true, detail: expected }
    : { isWithstood: false, detail: faults.join('; ') }
}

/** Encodes a request of the target's service. */
export function requestPayload(text: string): string {
  return JSON.stringify({ text })
}

/** Checks that the target still answers a legitimate request; resolves with `false` or with the fault. */
export async function checkTarget(testBed: TestBed): Promise<string | false> {
  const response = await testBed.sendRequest('fine')
  return response !== 'fine!' && `the next legitimate request ended with "${response}"`
}
