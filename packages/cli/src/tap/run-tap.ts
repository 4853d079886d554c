import type { Link, Message } from '@antiphon/core'
import { isMatch } from '@antiphon/core/topic'
import {
  filter,
  fromEvent,
  interval,
  lastValueFrom,
  merge,
  of,
  Subject,
  take,
  takeUntil,
  tap,
  type Observable,
} from 'rxjs'
import { failingWith } from '../connection/failing-with.js'
import { openLink } from '../connection/open-link.js'
import { exitCodes } from '../exit-codes.js'
import type { TapFlags } from '../flags/tap-flags.js'
import type { Host } from '../host.js'
import { percentilesOf, percentilesText } from '../output/percentiles.js'
import { PrintQueue } from '../output/print-queue.js'
import { Printer } from '../output/printer.js'
import { roundedTime } from '../output/rounded-time.js'
import { ExchangePairs } from './exchange-pairs.js'
import { Recorder } from './recorder.js'
import { printExchange, printUnmatched } from './print-exchanges.js'

const defaultTimeout = 10_000
const expiryPeriod = 100
/** The most response topics to subscribe to because requests name them. */
const mostResponseTopics = 1_000
/** The most latencies for the percentiles of the summary; later ones replace earlier ones. */
const mostLatencies = 100_000

/** Runs `antiphon tap` until it is interrupted, or has seen `--count` exchanges. Returns the exit code. */
export async function runTap(filters: readonly string[], flags: TapFlags, host: Host): Promise<number> {
  const { responses: responseFilters = ['response/#'], timeout = defaultTimeout, qos = 1, count } = flags
  const printer = new Printer(flags, host)
  const prints = new PrintQueue()
  const ended$ = new Subject<void>()
  const latencies: number[] = []
  let [exchanges, unmatched]: [number, number] = [0, 0]
  const recorder = flags.record === undefined ? undefined : await Recorder.open(flags.record)
  const pairs = new ExchangePairs(
    {
      onExchange: (exchange) => {
        latencies[exchanges % mostLatencies] = exchange.endedAt - exchange.startedAt
        exchanges += 1
        prints.add(() => printExchange(exchange, flags, printer))
        if (recorder !== undefined) prints.add(() => recorder.add(exchange))
        if (exchanges === count) ended$.next()
      },
      onUnmatched: (message, reason) => {
        unmatched += 1
        prints.add(() => printUnmatched(message, reason, flags, printer))
      },
    },
    { timeout, keepsItems: flags.record !== undefined },
  )
  const { link, broker, connected$ } = await openLink(flags, host.env, printer.printPacket)
  const startedAt = performance.now()
  const receiveResponse = (message: Message): void => pairs.receiveResponse(message, performance.now())
  const subscriptions = new ResponseTopics(link, qos, responseFilters, receiveResponse)
  const receiveRequest = (message: Message): void => {
    if (message.responseTopic === undefined) return
    pairs.receiveRequest(message, performance.now())
    subscriptions.add(message.responseTopic)
  }
  const messages$ = merge(
    // The responses first: a request may come as soon as its filter is subscribed.
    ...responseFilters.map((each) =>
      link.messages$(each, { qos, retainHandling: 2 }).pipe(tap(receiveResponse)),
    ),
    ...filters.map((each) => link.messages$(each, { qos, retainHandling: 2 }).pipe(tap(receiveRequest))),
    interval(expiryPeriod).pipe(tap(() => pairs.expire(performance.now()))),
    ready$(link, [...responseFilters, ...filters], qos).pipe(
      tap(() =>
        prints.add(() =>
          printer.notice(`tapping ${filters.join(', ')} at ${broker}, until Ctrl-C`, {
            type: 'ready',
            topic: filters.join(' '),
          }),
        ),
      ),
    ),
  )
  const interrupted$: Observable<unknown> = host.signal.aborted
    ? of(undefined)
    : fromEvent(host.signal, 'abort')
  try {
    const running$ = messages$.pipe(failingWith(connected$), takeUntil(merge(ended$, interrupted$)))
    await lastValueFrom(running$, { defaultValue: undefined })
    await prints.printed()
    const milliseconds = roundedTime(performance.now() - startedAt)
    const latency = percentilesOf(latencies)
    const details = latency === undefined ? '' : `; ${percentilesText(latency)}`
    await printer.notice(
      `${exchanges} exchanges, ${unmatched} unmatched, ${pairs.pending} pending${details}`,
      {
        type: 'summary',
        requests: exchanges + unmatched,
        answered: exchanges,
        failed: unmatched,
        milliseconds,
        ...(latency !== undefined && { latency }),
      },
    )
    return exitCodes.answered
  } finally {
    subscriptions.close()
    await link.close()
    await recorder?.close()
  }
}

/** Emits once all filters are subscribed. */
function ready$(link: Link, filters: readonly string[], qos: 0 | 1 | 2): Observable<unknown> {
  const windows = filters.map((each) => link.subscription$(each, { qos, retainHandling: 2 }).pipe(take(1)))
  let open = 0
  return merge(...windows).pipe(
    tap(() => (open += 1)),
    filter(() => open === filters.length),
  )
}

/** The subscriptions to response topics that requests name and no filter covers. */
class ResponseTopics {
  readonly #link: Link
  readonly #qos: 0 | 1 | 2
  readonly #filters: readonly string[]
  readonly #receive: (message: Message) => void
  readonly #closed$ = new Subject<void>()
  readonly #topics = new Set<string>()

  constructor(link: Link, qos: 0 | 1 | 2, filters: readonly string[], receive: (message: Message) => void) {
    this.#link = link
    this.#qos = qos
    this.#filters = filters
    this.#receive = receive
  }

  add(topic: string): void {
    if (this.#topics.has(topic) || this.#topics.size === mostResponseTopics) return
    if (this.#filters.some((each) => isMatch(each, topic))) return
    this.#topics.add(topic)
    this.#link
      .messages$(topic, { qos: this.#qos, retainHandling: 2 })
      .pipe(takeUntil(this.#closed$))
      // The broker may refuse the topic of another client; its responses then remain unseen.
      .subscribe({ next: this.#receive, error: () => undefined })
  }

  close(): void {
    this.#closed$.next()
  }
}
