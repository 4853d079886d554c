import { type Link, requests$, serve } from '@antiphon/core'
import { map, type Observable, Subject, type Subscription, timer } from 'rxjs'
import type { World } from '../world/world.js'
import { job } from './endpoints.js'
import type { FleetSettings } from './fleet-settings.js'
import { Processor } from './processor.js'

/** What a worker depends on. */
export interface WorkerOptions {
  readonly world: World
  readonly makeLink: () => Link
  readonly serve: FleetSettings['serve']
  readonly cores: number
  /** Does a job; emits when it is done. */
  readonly work: (request: string, worker: Worker) => Observable<string>
}

/** A member of the group that does jobs. */
export class Worker {
  readonly #options: WorkerOptions
  readonly processor: Processor
  #link: Link | undefined
  #drain = new Subject<void>()
  #serving: Subscription | undefined
  #started = 0
  #ended = 0

  constructor(options: WorkerOptions) {
    this.#options = options
    this.processor = new Processor(options.world.scheduler, options.cores)
  }

  /** Returns the number of jobs that have been received and not answered. */
  get waiting(): number {
    return this.#started - this.#ended
  }

  /** Starts the process of the worker. */
  start(): void {
    const { makeLink, serve: serveOptions, work } = this.#options
    this.#drain = new Subject()
    this.#link = makeLink()
    this.#serving = requests$(this.#link, job, { group: 'workers', drain$: this.#drain })
      .pipe(
        map((request) => {
          this.#started += 1
          return request
        }),
        serve(({ value }) => work(value, this), {
          ...serveOptions,
          orderedBy: ({ params }) => (params.key === 'any' ? undefined : params.key),
        }),
      )
      .subscribe({ next: () => (this.#ended += 1) })
  }

  /** Ends the process at once, and starts another one after some time. */
  crash(downtime: number): void {
    this.#serving?.unsubscribe()
    this.#ended = this.#started
    void this.#link?.close()
    timer(downtime, this.#options.world.scheduler).subscribe(() => this.start())
  }

  /** Lets the worker finish its jobs, and then starts another process after some time. */
  restart(downtime: number): void {
    this.#serving?.add(() => {
      void this.#link?.close()
      timer(downtime, this.#options.world.scheduler).subscribe(() => this.start())
    })
    this.#drain.next()
  }
}
