import type { StoredDelivery } from './command-delivery.js'
import type { ParsedInvocation } from './parse-invocation.js'
import type { DeviceClientIds } from './registry.js'
import type { StoredToken } from './retry-tokens.js'

/** The prefixes of the keys of a platform's entries. */
export const keys = { command: 'c:', clientIds: 'd:', token: 't:' } as const

/** The entry of a command. */
export interface StoredCommand extends StoredDelivery {
  readonly invocation: Omit<ParsedInvocation, 'payload'> & {
    /** Base64. */
    readonly payload: string
  }
}

/** Receives the entries of a platform. */
export interface StoredEntries {
  readonly command: (sequence: number, command: StoredCommand) => void
  readonly clientIds: (instanceId: string, clientIds: DeviceClientIds) => void
  readonly token: (key: string, token: StoredToken) => void
}

/** Returns the key of a command; the keys of later commands are greater. */
export function commandKey(sequence: number): string {
  return keys.command + String(sequence).padStart(15, '0')
}

/** Returns the entry of a command. */
export function toStoredCommand(stored: StoredDelivery, invocation: ParsedInvocation): StoredCommand {
  const payload = Buffer.from(invocation.payload).toString('base64')
  return { ...stored, invocation: { ...invocation, payload } }
}

/** Returns the invocation of a stored command. */
export function toInvocation({ invocation }: StoredCommand): ParsedInvocation {
  return { ...invocation, payload: new Uint8Array(Buffer.from(invocation.payload, 'base64')) }
}

/** Passes each entry to the handler of its kind. */
export function readEntries(
  entries: readonly (readonly [key: string, value: unknown])[],
  handlers: StoredEntries,
): void {
  for (const [key, value] of entries) {
    const name = key.slice(2)
    switch (key.slice(0, 2)) {
      case keys.command:
        handlers.command(Number(name), value as StoredCommand)
        break
      case keys.clientIds:
        handlers.clientIds(name, value as DeviceClientIds)
        break
      case keys.token:
        handlers.token(name, value as StoredToken)
    }
  }
}
