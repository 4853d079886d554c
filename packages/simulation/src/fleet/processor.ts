import { Observable, type SchedulerLike, Subscription, timer } from 'rxjs'

/** A job on the processor; it is done when each job has received as much of the processor. */
interface Job {
  readonly doneAt: number
  readonly onDone: () => void
}

/** The processor cores of a worker: jobs beyond their number share them equally. */
export class Processor {
  readonly #scheduler: SchedulerLike
  readonly #cores: number
  readonly #jobs = new Set<Job>()
  /** The milliseconds that a job received which has been there from the start. */
  #received = 0
  #updatedAt = 0
  #timer = new Subscription()

  constructor(scheduler: SchedulerLike, cores: number) {
    this.#scheduler = scheduler
    this.#cores = cores
  }

  /** Does a job of some milliseconds on a core of its own. Emits when it is done. */
  run$(milliseconds: number): Observable<unknown> {
    if (this.#cores === Infinity) return timer(milliseconds, this.#scheduler)
    return new Observable((subscriber) => {
      this.#update()
      const job = {
        doneAt: this.#received + milliseconds,
        onDone: () => {
          subscriber.next(undefined)
          subscriber.complete()
        },
      }
      this.#jobs.add(job)
      this.#schedule()
      return () => {
        this.#update()
        if (this.#jobs.delete(job)) this.#schedule()
      }
    })
  }

  get #speed(): number {
    return Math.min(1, this.#cores / this.#jobs.size)
  }

  /** Notes what each job received since the last call; call it before their number changes. */
  #update(): void {
    const now = this.#scheduler.now()
    if (this.#jobs.size > 0) this.#received += (now - this.#updatedAt) * this.#speed
    this.#updatedAt = now
  }

  #schedule(): void {
    this.#timer.unsubscribe()
    let first: Job | undefined
    for (const job of this.#jobs) if (first === undefined || job.doneAt < first.doneAt) first = job
    if (first === undefined) return
    const { doneAt, onDone } = first
    const next = first
    this.#timer = timer((doneAt - this.#received) / this.#speed, this.#scheduler).subscribe(() => {
      this.#update()
      this.#jobs.delete(next)
      onDone()
      this.#schedule()
    })
  }
}
