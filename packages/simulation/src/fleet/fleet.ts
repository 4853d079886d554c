import { type AntiphonError, type Link, requestEither$, requests$, serve } from '@antiphon/core'
import { linkMiddleware, type LinkOptions } from '@antiphon/core/link'
import { type Either, isRight } from 'fp-ts/lib/Either.js'
import { EMPTY, map, type Observable, of, tap, timer } from 'rxjs'
import { ExchangeLog, type Outcome } from '../record/exchange-log.js'
import type { Client, World } from '../world/world.js'
import { command, job } from './endpoints.js'
import type { FleetSettings } from './fleet-settings.js'
import type { Random } from './random.js'
import { seededLinkOptions, seededRequestOptions } from './seeded-options.js'
import { Worker } from './worker.js'

/** The payload of a job that ends the process of its worker. */
const POISON = 'poison'

/** Milliseconds until a worker whose process has ended is replaced. */
const DOWNTIME = 2_000

/** Devices, requesters and workers on a world, with the things that can happen to them. */
export class Fleet {
  readonly log: ExchangeLog = new ExchangeLog()
  readonly settings: FleetSettings
  /** By how much longer than usual a job takes. */
  slowness = 1
  /** The share of jobs with the same key. */
  hotShare = 0
  readonly #world: World
  readonly #random: Random
  readonly #requesters: Link[] = []
  readonly #workers: Worker[] = []
  #attempts = 0
  #connects = 0
  #sent = 0

  constructor(world: World, settings: FleetSettings, random: Random) {
    this.#world = world
    this.settings = { ...settings, request: seededRequestOptions(settings.request, random.next) }
    this.#random = random
  }

  /** Returns the number of attempts to connect so far. */
  get attempts(): number {
    return this.#attempts
  }

  /** Returns the number of connections so far. */
  get connects(): number {
    return this.#connects
  }

  /** Returns the number of requests, retries included, that the broker has acknowledged. */
  get sent(): number {
    return this.#sent
  }

  /** Returns the number of jobs at the workers. */
  get jobsAtWorkers(): number {
    return this.#workers.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /** Connects the devices and workers. */
  start(): void {
    const { devices, requesters, workers, regions } = this.settings
    for (let index = 0; index < devices; index += 1) this.#startDevice(`device-${index}`, index % regions)
    for (let index = 0; index < workers; index += 1) this.#startWorker(`worker-${index}`)
    for (let index = 0; index < requesters; index += 1) {
      const link = this.#link({ clientId: `requester-${index}`, region: index % regions })
      this.#requesters.push(this.#counted(link))
    }
  }

  /** Sends requests from now until a time. */
  offerUntil(end: number): void {
    const { scheduler } = this.#world
    const mean = 1_000 / this.settings.requestsPerSecond
    const { exponential } = this.#random
    let due = scheduler.now()
    const offer = (): void => this.#offer()
    scheduler.schedule(function () {
      // A real clock is coarse: what is due is sent together.
      for (; due <= scheduler.now(); due += exponential(mean)) offer()
      if (due < end) this.schedule(undefined, due - scheduler.now())
    })
  }

  /** Sends a job that ends the process of each worker that starts it. */
  poison(): void {
    const number = this.log.offer(this.#world.scheduler.now())
    const request = { params: { key: 'any' }, value: `${number} ${POISON}` }
    this.#settle(number, of(request).pipe(requestEither$(this.#anyRequester(), job, this.settings.request)))
  }

  /** Replaces the workers one after the other within some milliseconds. */
  deploy(milliseconds: number): void {
    this.#workers.forEach((worker, index) => {
      timer((index * milliseconds) / this.#workers.length, this.#world.scheduler).subscribe(() =>
        worker.restart(DOWNTIME),
      )
    })
  }

  #startDevice(clientId: string, region: number): void {
    const link = this.#link({ clientId, region }, this.settings.deviceLink)
    requests$(link, command, { params: { device: clientId } })
      .pipe(serve(({ value }) => of(value).pipe(tap(() => this.log.handle(Number(value))))))
      .subscribe()
  }

  #startWorker(clientId: string): void {
    const { serve: serveOptions, cores } = this.settings
    const makeLink = (): Link => this.#link({ clientId, region: 0 })
    const work = (value: string, worker: Worker): Observable<string> => this.#work(value, worker)
    const worker = new Worker({ world: this.#world, makeLink, serve: serveOptions, cores, work })
    this.#workers.push(worker)
    worker.start()
  }

  #work(value: string, worker: Worker): Observable<string> {
    const [number = '', kind] = value.split(' ')
    this.log.handle(Number(number))
    if (kind === POISON) {
      worker.crash(DOWNTIME)
      return EMPTY
    }
    const { median, spread } = this.settings.serviceTime
    const duration = this.#random.lognormal(median, spread) * this.slowness
    return worker.processor.run$(duration).pipe(map(() => value))
  }

  #offer(): void {
    const { jobShare, devices, request: options } = this.settings
    const { next, below } = this.#random
    const number = this.log.offer(this.#world.scheduler.now())
    const value = String(number)
    const requester = this.#anyRequester()
    if (next() < jobShare) {
      const params = { key: next() < this.hotShare ? 'hot' : 'any' }
      this.#settle(number, of({ params, value }).pipe(requestEither$(requester, job, options)))
    } else {
      const params = { device: `device-${below(devices)}` }
      this.#settle(number, of({ params, value }).pipe(requestEither$(requester, command, options)))
    }
  }

  #settle(number: number, response$: Observable<Either<AntiphonError, string>>): void {
    response$.subscribe((result) => {
      const outcome = isRight(result) ? 'responded' : outcomeOf(result.left)
      this.log.settle(number, outcome, this.#world.scheduler.now())
    })
  }

  #anyRequester(): Link {
    const requester = this.#requesters[this.#random.below(this.#requesters.length)]
    if (requester === undefined) throw new Error('cannot send a request: the fleet has no requester')
    return requester
  }

  #link(client: Client, options: LinkOptions = {}): Link {
    const link = this.#world.link(client, seededLinkOptions(options, this.#random.next))
    link.state$.subscribe(({ status }) => {
      if (status === 'online') this.#connects += 1
      else if (status === 'connecting') this.#attempts += 1
    })
    return link
  }

  /** Counts the requests of a link that reach the broker. */
  #counted(link: Link): Link {
    const counted = linkMiddleware({
      publish$: (message, next) =>
        message.responseTopic === undefined
          ? next(message)
          : next(message).pipe(tap(() => (this.#sent += 1))),
    })
    return counted(link)
  }
}

function outcomeOf({ code, status }: AntiphonError): Outcome {
  if (code === 'timeout') return 'timeout'
  return status?.code === 503 ? 'busy' : 'failed'
}
