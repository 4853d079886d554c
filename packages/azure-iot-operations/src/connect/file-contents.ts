import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  asyncScheduler,
  concatMap,
  debounceTime,
  distinctUntilChanged,
  from,
  Observable,
  startWith,
  type SchedulerLike,
} from 'rxjs'

/** Milliseconds without a further change after which a file is read: it may be written in several steps. */
const SETTLING_TIME = 100

/**
 * Emits the contents of a file, at first and each time that they have changed; fails if it cannot be read or watched.
 *
 * It watches the folder, because Kubernetes replaces a mounted file by replacing a link in its folder.
 */
export function fileContents$(file: string, scheduler: SchedulerLike = asyncScheduler): Observable<string> {
  const changes$ = new Observable<void>((subscriber) => {
    const watcher = watch(dirname(file), { persistent: false }, () => subscriber.next())
    watcher.on('error', (error) => subscriber.error(error))
    return () => watcher.close()
  })
  return changes$.pipe(
    debounceTime(SETTLING_TIME, scheduler),
    startWith(undefined),
    concatMap(() => from(readFile(file, 'utf8'))),
    distinctUntilChanged(),
  )
}
