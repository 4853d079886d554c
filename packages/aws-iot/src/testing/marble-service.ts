import type { MarbleContext } from '@antiphon/testing'
import { mergeMap, type Observable } from 'rxjs'
import type { CommandDevice } from '../commands/commands.js'
import {
  localService,
  type LocalCommand,
  type LocalExecution,
  type LocalJob,
  type LocalService,
} from '../local/index.js'
import type { ShadowUpdate } from '../shadow/documents.js'
import type { ShadowName } from '../shadow/shadow.js'

/** A local service that follows marble diagrams. */
export interface MarbleService extends LocalService {
  /** Updates a shadow at the times of the marbles, as an application does over HTTPS. */
  readonly updates: (
    marbles: string,
    values: Readonly<Record<string, ShadowUpdate>>,
    name: ShadowName,
  ) => void
  /** Queues executions of jobs at the times of the marbles. */
  readonly jobs: (marbles: string, values: Readonly<Record<string, LocalJob>>, thing: string) => void
  /** Sends commands at the times of the marbles, and returns the changes of their executions. */
  readonly commands: (
    marbles: string,
    values: Readonly<Record<string, LocalCommand>>,
    device: CommandDevice,
  ) => Observable<LocalExecution>
}

/**
 * Starts a local service on the broker of a marble test.
 *
 * @example
 * ```ts
 * it('reports what is desired', marbles((test) => {
 *   const service = marbleService(test)
 *   lamp(test.link({ clientId: 'lamp' })).subscribe()
 *   service.updates('  --u', { u: { desired: { on: true } } }, { thing: 'lamp' })
 *   test.expectPublished('$aws/things/lamp/shadow/update/accepted').toBe('--(ar)', { … })
 * }))
 * ```
 */
export function marbleService({ hot, link }: Pick<MarbleContext, 'hot' | 'link'>): MarbleService {
  const service = localService(link({ clientId: 'aws-iot' }))
  service.handled$.subscribe()
  return {
    ...service,
    updates: (marbles, values, name) => {
      hot(marbles, values).subscribe((update) => service.updateShadow(name, update))
    },
    jobs: (marbles, values, thing) => {
      hot(marbles, values).subscribe((job) => service.createJob(thing, job))
    },
    commands: (marbles, values, device) =>
      hot(marbles, values).pipe(mergeMap((command) => service.startCommand(device, command))),
  }
}
