import { invalidArgument, quoted } from '@antiphon/core/link'
import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { join } from 'node:path'
import type { StateFile } from '../../cli/state-file.js'
import type { NamespaceState } from '../namespace/resources.js'

/** The contents of a namespace's file. */
export interface StoredNamespace extends NamespaceState {
  /** The certificates of the authorities that signed certificates of clients, PEM. */
  readonly authorities: readonly string[]
}

/** Returns the path of a namespace's file. */
export function namespaceFile(name: string, directory = '.'): string {
  if (!/^[\w-]+$/.test(name))
    throw invalidArgument(
      `the name of the namespace is ${quoted(name)}: it must consist of letters, digits, dashes and underscores`,
    )
  return join(directory, `${name}.namespace.json`)
}

const attribute = t.union([t.string, t.number, t.readonlyArray(t.string)])

const client = t.intersection([
  t.type({ name: t.string }),
  t.partial({
    authenticationName: t.string,
    attributes: t.record(t.string, attribute),
    validationScheme: t.keyof({ SubjectMatchesAuthenticationName: null, ThumbprintMatch: null }),
    allowedThumbprints: t.readonlyArray(t.string),
    isEnabled: t.boolean,
  }),
])

const storedNamespace = t.type({
  clients: t.readonlyArray(client),
  clientGroups: t.readonlyArray(t.type({ name: t.string, query: t.string })),
  topicSpaces: t.readonlyArray(t.type({ name: t.string, topicTemplates: t.readonlyArray(t.string) })),
  permissionBindings: t.readonlyArray(
    t.type({
      name: t.string,
      clientGroupName: t.string,
      topicSpaceName: t.string,
      permission: t.keyof({ Publisher: null, Subscriber: null }),
    }),
  ),
  authorities: t.readonlyArray(t.string),
})

/** The kind of a namespace's file. */
export const namespaceFormat: StateFile<StoredNamespace> = {
  kind: 'namespace',
  program: 'antiphon-event-grid',
  parse: (json) => {
    const state = storedNamespace.decode(json)
    // io-ts marks absent members of a partial type as present and undefined, which the file cannot contain.
    return isRight(state) ? state.right : undefined
  },
}
