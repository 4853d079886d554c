import type { Car } from '../garage.js'

/** The settings that the server sends to the page. */
export interface Settings {
  /** The hub's WebSocket URL. */
  readonly url: string
  /** In this example the phone's key is in the page; a real one should come after a login. */
  readonly connectionString: string
  readonly cars: readonly Car[]
  /** Whether the server can turn the listener for phones off, with `/signal`. */
  readonly hasTunnel: boolean
}

const defaultTimeout = 5_000

/** Fetches the settings. */
export async function fetchSettings(): Promise<Settings> {
  const response = await fetch('./settings.json')
  if (!response.ok) throw new Error(`cannot load the settings: the server answers ${response.status}`)
  return (await response.json()) as Settings
}

/** Reads the timeout in milliseconds from the query, as in `?timeout=1500`. */
export function timeoutIn(query: string): number {
  return Number(new URLSearchParams(query).get('timeout') ?? defaultTimeout)
}
