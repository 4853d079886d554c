import type { Car } from '../garage.js'

/** What the page needs to be told by who serves it. */
export interface Settings {
  /** The hub's WebSocket. */
  readonly url: string
  /** A phone of this story carries its key; yours would get it after a login. */
  readonly connectionString: string
  readonly cars: readonly Car[]
  /** Whether who serves the page can take the signal away: see `/signal`. */
  readonly hasTunnel: boolean
}

const defaultTimeout = 5_000

/** Asks for the settings. */
export async function fetchSettings(): Promise<Settings> {
  const response = await fetch('./settings.json')
  if (!response.ok) throw new Error(`no settings: the server answers ${response.status}`)
  return (await response.json()) as Settings
}

/** Milliseconds that a car may take, as in `?timeout=1500`. */
export function timeoutIn(query: string): number {
  return Number(new URLSearchParams(query).get('timeout') ?? defaultTimeout)
}
