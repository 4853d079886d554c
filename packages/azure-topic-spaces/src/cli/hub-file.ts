import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { watch } from 'node:fs'
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Observable } from 'rxjs'
import type { TopicSpaceDefinition } from '../topic-space.js'
import type { Device } from '../hub/device-registry.js'
import type { Policy } from '../hub/policy-registry.js'
import { lockFile } from './lock-file.js'

/** The contents of a hub's file. */
export interface HubState {
  readonly hostName: string
  readonly devices: readonly Device[]
  readonly topicSpaces: readonly TopicSpaceDefinition[]
  readonly policies: readonly Policy[]
  /** The certificates of the authorities that signed certificates of devices, PEM. */
  readonly authorities: readonly string[]
}

/** Returns the path of a hub's file. */
export function hubFile(name: string, directory = '.'): string {
  if (!/^[\w-]+$/.test(name))
    throw invalidArgument(
      `--hub-name is ${JSON.stringify(name)}: it must consist of letters, digits, dashes and underscores`,
    )
  return join(directory, `${name}.hub.json`)
}

const hubState = t.type({
  hostName: t.string,
  devices: t.readonlyArray(
    t.type({ deviceId: t.string, keys: t.readonlyArray(t.string), isEnabled: t.boolean }),
  ),
  topicSpaces: t.readonlyArray(
    t.type({
      name: t.string,
      type: t.keyof({ PublishOnly: null, LowFanout: null, HighFanout: null }),
      templates: t.readonlyArray(t.string),
    }),
  ),
})

/** What files of earlier versions do not contain. */
const laterState = t.partial({
  policies: t.readonlyArray(t.type({ name: t.string, key: t.string })),
  authorities: t.readonlyArray(t.string),
})

const anyState = t.intersection([hubState, laterState])

/** Reads a hub's file; throws `invalid-argument` if it is missing, or is not the file of a hub. */
export async function readHub(file: string): Promise<HubState> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const advice = 'create one with: antiphon-hub create'
    throw new AntiphonError('invalid-argument', `cannot read the hub in ${file}; ${advice}`, { cause })
  })
  const state = parseHub(text)
  if (state !== undefined) return state
  throw invalidArgument(
    `${file} is not the file of a hub: correct it, or restore it from ${file}~, its previous state`,
  )
}

function parseHub(text: string): HubState | undefined {
  try {
    const state = anyState.decode(JSON.parse(text))
    return isRight(state) ? { policies: [], authorities: [], ...state.right } : undefined
  } catch {
    return undefined
  }
}

/**
 * Changes a hub's file: no other process changes it between reading and writing. Keeps the previous state in a file whose
 * name ends in `~`. `change` returns the new state, or `undefined` to keep the state.
 */
export async function updateHub(
  file: string,
  change: (state: HubState) => HubState | undefined,
): Promise<void> {
  const release = await lockFile(file)
  try {
    const state = change(await readHub(file))
    if (state === undefined) return
    await copyFile(file, `${file}~`)
    await writeHub(file, state)
  } finally {
    await release()
  }
}

/** Writes a hub's file atomically, readable by its owner only. */
export async function writeHub(file: string, state: HubState): Promise<void> {
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(draft, file)
}

/**
 * Emits when a hub's file changes.
 * - *on subscribe*: starts watching. *next*: the file was written. *error*: the directory cannot be watched.
 *   *unsubscribe*: stops watching.
 */
export function changes$(file: string): Observable<void> {
  return new Observable((subscriber) => {
    const watcher = watch(dirname(file), (_, changed) => {
      if (changed === basename(file)) subscriber.next()
    })
    watcher.on('error', (error) => subscriber.error(error))
    return () => watcher.close()
  })
}
