import {
  endpoint,
  exchange$,
  gather$,
  request$,
  requestEither$,
  requests$,
  serve,
  text,
  type Link,
  type RequestOptions,
  type ServeOptions,
} from '@antiphon/core'
import { like, marbles } from '@antiphon/testing'
import { readdirSync, readFileSync } from 'node:fs'
import {
  catchError,
  defer,
  delay,
  distinctUntilChanged,
  EMPTY,
  finalize,
  map,
  mergeMap,
  of,
  skip,
  takeUntil,
  throwError,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { drawMarbles } from '../../check/docs/marbles/draw.js'
import { type Mark, parseMarbles, type Span, type Stream } from '../../check/docs/marbles/parse.js'
import { inRoot } from '../../check/workspace.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Returns the time lines of the first diagram below a heading of a page. */
function diagramOf(page: string, heading: string): readonly Stream[] {
  const markdown = readFileSync(inRoot('docs', `${page}.md`), 'utf8')
  const section = markdown.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const [, diagram = ''] = /^```marbles\n([^]*?)^```$/m.exec(section) ?? []
  return parseMarbles(diagram).filter((row): row is Stream => row.kind === 'stream')
}

/** Returns the marbles of a time line in which a column is several milliseconds, as a test writes them. */
function scaled({ marks }: Stream, unit: number): string {
  let now = 0
  return marks
    .map(({ at, values, end }) => {
      const characters = [...values, ...(end === 'completes' ? ['|'] : [])]
      const marble = characters.length > 1 ? `(${characters.join('')})` : characters.join('')
      const wait = at * unit - now
      now = at * unit + marble.length
      return wait === 0 ? marble : `${wait}ms ${marble}`
    })
    .join(' ')
}

/** Responds after a time to each request, with the value in upper case; fails on `x`. */
function respond(link: Link, times: Readonly<Record<string, number>>): void {
  requests$(link, echo)
    .pipe(
      serve(({ value }) => {
        const done = of(value.toUpperCase()).pipe(delay(times[value] ?? 0, link.scheduler))
        return value === 'x' ? done.pipe(mergeMap(() => throwError(() => new Error('x')))) : done
      }),
    )
    .subscribe()
}

const failure = like({ code: 'status' })

it('draws each diagram of the pages', () => {
  const pages = readdirSync(inRoot('docs'), { recursive: true, encoding: 'utf8' })
    .map((page) => page.replaceAll('\\', '/'))
    .filter((page) => /^(?:guide|cookbook|migrate)\/.*\.md$/.test(page))
  const diagrams = pages.flatMap((page) => [
    ...readFileSync(inRoot('docs', page), 'utf8').matchAll(/^```marbles\n([^]*?)^```$/gm),
  ])
  expect(diagrams.length).toBeGreaterThan(10)
  for (const [, diagram = ''] of diagrams) expect(drawMarbles(diagram)).toMatch(/^<svg /)
})

describe('the diagrams of "Send requests"', () => {
  it('shows responses as they arrive', () => {
    const [requests, responses] = diagramOf('guide/send-requests', 'Send requests')
    marbles(({ cold, link, expectObservable }) => {
      respond(link(), { a: 3, b: 5 })
      const response$ = cold(requests?.marbles ?? '').pipe(request$(link(), echo))
      expectObservable(response$).toBe(responses?.marbles ?? '')
    })()
  })

  it('shows a failure that ends the stream, or is a Left', () => {
    const [requests, plain, either] = diagramOf('guide/send-requests', 'Handle errors')
    marbles(({ cold, link, expectObservable }) => {
      respond(link(), { a: 2, b: 2, x: 2 })
      const request = () => cold(requests?.marbles ?? '')
      expectObservable(request().pipe(request$(link(), echo))).toBe(plain?.marbles ?? '', undefined, failure)
      const either$ = request().pipe(
        requestEither$(link(), echo),
        map(({ _tag }) => _tag.charAt(0)),
      )
      expectObservable(either$).toBe(either?.marbles ?? '')
    })()
  })

  it('shows the attempts within the timeout', () => {
    const [, sent, response] = diagramOf('guide/send-requests', 'Retry a request')
    marbles(({ link, expectObservable, expectPublished }) => {
      const response$ = exchange$(link(), echo, 'a', { timeout: 27, retry: { count: 2 } })
      expectObservable(response$).toBe(response?.marbles ?? '', undefined, like({ code: 'timeout' }))
      expectPublished('echo').toBe(sent?.marbles ?? '')
    })()
  })

  it.each<[string, RequestOptions]>([
    ['nothing', {}],
    ['ordered', { ordered: true }],
    ['concurrency', { concurrency: 1 }],
    ['switch', { overlap: 'switch' }],
    ['exhaust', { overlap: 'exhaust' }],
  ])('shows what limits concurrent requests: %s', (name, options) => {
    const [requests, ...responses] = diagramOf('guide/send-requests', 'Limit concurrent requests')
    const expected = responses[['nothing', 'ordered', 'concurrency', 'switch', 'exhaust'].indexOf(name)]
    marbles(({ cold, link, expectObservable }) => {
      respond(link(), { a: 6, b: 2, c: 6 })
      const response$ = cold(requests?.marbles ?? '').pipe(request$(link(), echo, options))
      expectObservable(response$).toBe(expected?.marbles ?? '')
    })()
  })

  it('shows that pending responses are received after the stream of requests ends', () => {
    const [requests, stop, responses] = diagramOf('guide/send-requests', 'Cancel a request')
    marbles(({ cold, hot, link, expectObservable }) => {
      respond(link(), { a: 2, b: 8 })
      const value$ = cold(requests?.marbles ?? '').pipe(takeUntil(hot(stop?.marbles ?? '')))
      const response$ = value$.pipe(request$(link(), echo))
      expectObservable(response$).toBe(responses?.marbles ?? '')
    })()
  })

  it('shows when gathering ends', () => {
    const [, ...lines] = diagramOf('guide/send-requests', 'Gather responses of several responders')
    const [responses] = lines.slice(-1)
    marbles(({ link, expectObservable }) => {
      for (const car of lines.slice(0, -1)) {
        const [mark] = car.marks
        requests$(link(), echo)
          .pipe(serve(() => of(mark?.values[0] ?? '').pipe(delay(mark?.at ?? 0))))
          .subscribe()
      }
      const response$ = gather$(link(), echo, 'q', { stallTimeout: 5 }).pipe(
        map((response) => (response._tag === 'Right' ? response.right : 'failed')),
      )
      expectObservable(response$).toBe(responses?.marbles ?? '')
    })()
  })
})

describe('the diagrams of "Serve requests"', () => {
  /** Runs the requests of a diagram, and returns the runs of the handler and the requests that fail. */
  function runsOf(requests: Stream | undefined, options: ServeOptions, time: number) {
    const runs: Span[] = []
    const failed: Mark[] = []
    marbles(({ cold, link }) => {
      const responder = link()
      const { scheduler } = responder
      const handler = ({ value }: { readonly value: string }) =>
        defer(() => {
          const at = scheduler.now()
          const end = () => runs.push({ at, length: scheduler.now() - at, value })
          return of(value).pipe(delay(time, scheduler), finalize(end))
        })
      requests$(responder, echo).pipe(serve(handler, options)).subscribe()
      const requester = link()
      cold(requests?.marbles ?? '')
        .pipe(
          mergeMap((value) => exchange$(requester, echo, value).pipe(catchError(() => noteFailure(value)))),
        )
        .subscribe()
      const noteFailure = (value: string) => {
        failed.push({ at: scheduler.now(), values: [value] })
        return EMPTY
      }
    })()
    return { runs: runs.sort((one, other) => one.at - other.at), failed }
  }

  it('shows a record after each response', () => {
    const [requests, responses, records] = diagramOf('guide/serve-requests', 'Serve requests')
    marbles(({ hot, link, toRequests, expectObservable, expectPublished }) => {
      const device = link()
      const times: Readonly<Record<string, number>> = { a: 3, b: 5 }
      const messages = Object.fromEntries(
        ['a', 'b'].map((payload) => [payload, { payload, responseTopic: 'me', correlationData: payload }]),
      )
      const record$ = hot(requests?.marbles ?? '', messages).pipe(
        toRequests(device, echo),
        serve(({ value }) => of(value.toUpperCase()).pipe(delay(times[value] ?? 0))),
        map((_, index) => 'rs'.charAt(index)),
      )
      expectObservable(record$).toBe(records?.marbles ?? '')
      expectPublished('me').toBe(responses?.marbles ?? '')
    })()
  })

  it('shows how many handlers run at once, and which request is refused', () => {
    const [requests, ...lines] = diagramOf('guide/serve-requests', 'Limit load and time')
    const { runs, failed } = runsOf(requests, { concurrency: 2, queue: 1 }, 6)
    expect(runs).toEqual(lines.flatMap(({ spans }) => spans))
    expect(failed).toEqual(lines.flatMap(({ marks }) => marks))
  })

  it('shows that requests with one key are handled one after the other', () => {
    const [requests, ...lines] = diagramOf('guide/serve-requests', 'Keep the order of requests')
    const carOf = (value: string): string => (value === 'c' ? 'car 2' : 'car 1')
    const { runs } = runsOf(requests, { orderedBy: ({ value }) => carOf(String(value)) }, 7)
    const spans = lines.flatMap((line) => line.spans)
    expect(runs).toEqual(spans.sort((one, other) => one.at - other.at))
  })
})

it('shows that a window of a subscription ends with the session, in the diagram of "Connect to a broker"', () => {
  const [connection, windows, messages] = diagramOf('guide/links', 'Members of a link')
  const [begin = 0] = connection?.marks.map(({ at }) => at) ?? []
  // The connection begins by itself; then it is cut and allowed, and cut with its session and allowed.
  const faults = ['-', 'x', 'r', 'X', 'r']
  const script = connection?.marbles.replaceAll(/[ox]/g, () => faults.shift() ?? '')
  marbles(({ broker, cold, link, publish, expectObservable }) => {
    const device = link({ clientId: 'device', clean: false, sessionExpiryInterval: 60 })
    const start$ = cold('-'.repeat(begin) + 's')
    const state$ = device.state$.pipe(
      map(({ status }) => (status === 'online' ? 'o' : 'x')),
      distinctUntilChanged(),
      skip(1),
    )
    const window$ = device.subscription$('room').pipe(map((_, index) => 'vw'.charAt(index)))
    broker.play(script ?? '')
    publish(messages?.marbles ?? '', { m: { topic: 'room', payload: 'm' } })
    expectObservable(start$.pipe(mergeMap(() => state$))).toBe(connection?.marbles ?? '')
    expectObservable(start$.pipe(mergeMap(() => window$))).toBe(windows?.marbles ?? '')
    const message$ = device.messages$('room').pipe(map(() => 'm'))
    expectObservable(start$.pipe(mergeMap(() => message$))).toBe(messages?.marbles ?? '')
  })()
})

describe('the diagrams of the cookbook', () => {
  /** The times of each diagram as its own page tests them: the line, the milliseconds of a column. */
  it.each<[string, string, number, readonly number[]]>([
    ['debounce-and-switch', 'Send only the latest request (debounce and switch)', 50, [0, 2]],
    ['retry-with-back-off', 'Test it', 5, [2]],
    ['hedge-a-request', 'Take the first of several responses (hedge)', 10, [2]],
    ['keep-the-order', 'Test it', 2, [0, 2]],
    ['poll-a-device', 'Test it', 1_000, [1]],
    ['batch-requests', 'Test it', 5, [0, 1]],
    ['limit-the-rate', 'Test it', 20, [0, 1]],
    ['circuit-breaker', 'Test it', 500, [0, 1]],
  ])('shows the times of the test of %s', (name, heading, unit, lines) => {
    const diagram = diagramOf(`cookbook/${name}`, heading)
    const page = readFileSync(inRoot('docs', 'cookbook', `${name}.md`), 'utf8')
    for (const line of lines) {
      const stream = diagram[line]
      expect(stream).toBeDefined()
      if (stream !== undefined) expect(page).toContain(`'${scaled(stream, unit)}`)
    }
  })
})
