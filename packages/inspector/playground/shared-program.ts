import { faultForms, type FaultRow } from './fault-rows.js'

/** A program with its network, as the URL of the page can contain it. */
export interface SharedProgram {
  readonly source: string
  /** Milliseconds that a packet takes in each direction. */
  readonly latency: number
  readonly faults: readonly FaultRow[]
}

const prefix = '#code='
const maxSource = 20_000
const maxFaults = 20
const maxTime = 60_000

/** Returns the fragment of a URL with the program in it. */
export function toFragment({ source, latency, faults }: SharedProgram): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ source, latency, faults }))
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return prefix + base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Whether the fragment of a URL has a program in it. */
export function hasProgram(fragment: string): boolean {
  return fragment.startsWith(prefix)
}

/** Returns the program in the fragment of a URL; `undefined` if it is damaged, since a URL may contain anything. */
export function fromFragment(fragment: string): SharedProgram | undefined {
  if (!hasProgram(fragment)) return undefined
  try {
    const base64 = fragment.slice(prefix.length).replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    return toProgram(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch {
    return undefined
  }
}

function toProgram(value: unknown): SharedProgram | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { source, latency, faults } = value as Readonly<Record<string, unknown>>
  const isValid =
    typeof source === 'string' &&
    source.length <= maxSource &&
    isTime(latency) &&
    Array.isArray(faults) &&
    faults.length <= maxFaults &&
    faults.every(isFaultRow)
  return isValid ? { source, latency, faults } : undefined
}

function isFaultRow(value: unknown): value is FaultRow {
  if (typeof value !== 'object' || value === null) return false
  const { kind, at, client, by } = value as Readonly<Record<string, unknown>>
  const isKnown = typeof kind === 'string' && Object.hasOwn(faultForms, kind)
  return isKnown && isTime(at) && typeof client === 'string' && isTime(by)
}

/** Whether a value is a number of milliseconds that a run can reach. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= maxTime
}
