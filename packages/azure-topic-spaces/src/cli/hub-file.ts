import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { watch } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Observable } from 'rxjs'
import type { TopicSpaceDefinition } from '../topic-space.js'
import type { Device } from '../hub/device-registry.js'

/** The contents of a hub's file. */
export interface HubState {
  readonly hostName: string
  readonly devices: readonly Device[]
  readonly topicSpaces: readonly TopicSpaceDefinition[]
}

/** Returns the path of a hub's file. */
export function hubFile(name: string, directory = '.'): string {
  if (!/^[\w-]+$/.test(name))
    throw invalidArgument(
      `--hub-name is ${JSON.stringify(name)}: it must consist of letters, digits, dashes and underscores`,
    )
  return join(directory, `${name}.hub.json`)
}

/** Reads a hub's file; throws `invalid-argument` if it cannot be read. */
export async function readHub(file: string): Promise<HubState> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as HubState
  } catch (cause) {
    throw new AntiphonError(
      'invalid-argument',
      `cannot read the hub in ${file}; create one with: antiphon-hub create`,
      { cause },
    )
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
