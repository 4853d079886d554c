import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { watch } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Observable } from 'rxjs'
import type { TopicSpaceDefinition } from '../../topic-space.js'
import type { Device } from '../device-registry.js'

/** A hub as its file keeps it. */
export interface HubState {
  readonly hostName: string
  readonly devices: readonly Device[]
  readonly topicSpaces: readonly TopicSpaceDefinition[]
}

/** The file of a hub. */
export function hubFile(name: string, directory = '.'): string {
  if (!/^[\w-]+$/.test(name))
    throw invalidArgument(
      `the hub name ${JSON.stringify(name)} must be letters, digits, dashes and underscores`,
    )
  return join(directory, `${name}.hub.json`)
}

/** Reads a hub; throws `invalid-argument` where there is none. */
export async function readHub(file: string): Promise<HubState> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as HubState
  } catch (cause) {
    throw new AntiphonError('invalid-argument', `there is no hub in ${file}: make one with create`, { cause })
  }
}

/** Writes a hub, whole or not at all, for its owner's eyes only. */
export async function writeHub(file: string, state: HubState): Promise<void> {
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(draft, file)
}

/**
 * Changes of a hub's file.
 * - *on subscribe*: watches. *next*: it was written. *error*: it cannot be watched. *unsubscribe*: watches no more.
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
