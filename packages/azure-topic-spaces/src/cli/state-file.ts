import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { watch } from 'node:fs'
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Observable } from 'rxjs'
import { lockFile } from './lock-file.js'

/** The kind of a file that contains the state of a stand-in as JSON. */
export interface StateFile<A> {
  /** What the file describes, such as `hub`. */
  readonly kind: string
  /** The program that creates the file. */
  readonly program: string
  /** Returns the state, or `undefined` if the JSON is not such a state. */
  readonly parse: (json: unknown) => A | undefined
}

/** Reads a state; throws `invalid-argument` if the file is missing or is of another kind. */
export async function readState<A>(file: string, { kind, program, parse }: StateFile<A>): Promise<A> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const advice = `create one with: ${program} create`
    throw new AntiphonError('invalid-argument', `cannot read the ${kind} in ${file}; ${advice}`, { cause })
  })
  const state = parse(parseJson(text))
  if (state !== undefined) return state
  throw invalidArgument(
    `${file} is not the file of a ${kind}: correct it, or restore it from ${file}~, its previous state`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/**
 * Changes a state: no other process changes the file between reading and writing. Keeps the previous state in a file whose
 * name ends in `~`. `change` returns the new state, or `undefined` to keep the state.
 */
export async function updateState<A>(
  file: string,
  format: StateFile<A>,
  change: (state: A) => A | undefined,
): Promise<void> {
  const release = await lockFile(file)
  try {
    const state = change(await readState(file, format))
    if (state === undefined) return
    await copyFile(file, `${file}~`)
    await writeState(file, state)
  } finally {
    await release()
  }
}

/** Writes a state atomically, readable by its owner only. */
export async function writeState(file: string, state: unknown): Promise<void> {
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(draft, file)
}

/**
 * Emits when a file changes.
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
