/** The other side of the pages: a broker with a WebSocket listener, and the weather service. */
import { createBroker } from '@antiphon/broker'
import { requests$, serve } from '@antiphon/core'
import { firstValueFrom, map, NEVER, of, ReplaySubject, type Observable } from 'rxjs'
import { servePages } from './serve-pages.js'
import { temperature } from './weather.js'

const celsius: Readonly<Record<string, string>> = { Vienna: '22.5', Berlin: '18.3' }

/** The running server. */
export interface Server {
  /** The URL of the pages, with the folder of each page still to be added. */
  readonly url: string
  /** Emits a line for each request that was started or has ended, from the first on. */
  readonly log$: Observable<string>
  /** Stops listening and disconnects the pages, or listens again on the same port. */
  readonly setListening: (isListening: boolean) => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts the broker and the service, and builds and serves the pages. A port that is in use is replaced by a free one. */
export async function startServer(port: number): Promise<Server> {
  const broker = createBroker()
  let listener = await broker.listen({ protocol: 'ws', path: '/mqtt' })
  const log$ = new ReplaySubject<string>(Number.MAX_SAFE_INTEGER)
  const subscribed = new ReplaySubject<void>(1)
  const service = requests$(broker.link({ clientId: 'weather' }), temperature, {
    onSubscribed: () => subscribed.next(),
  }).pipe(
    serve(({ value: city }) => {
      log$.next(`${city}: started`)
      const degrees = celsius[city]
      return degrees === undefined ? NEVER : of(`${degrees} °C`)
    }),
    map(({ request, outcome }) => `${new TextDecoder().decode(request.payload)}: ${outcome}`),
  )
  const subscription = service.subscribe((line) => log$.next(line))
  const [pages] = await Promise.all([servePages(listener.url, port), firstValueFrom(subscribed)])
  return {
    url: pages.url,
    log$,
    setListening: async (isListening) => {
      if (isListening) {
        listener = await broker.listen({ protocol: 'ws', path: '/mqtt', port: listener.port })
        return
      }
      const isClosed = listener.close()
      for (const { client, clientId } of broker.sessions())
        if (client?.listener === listener.url) broker.disconnect(clientId)
      await isClosed
    },
    close: async () => {
      subscription.unsubscribe()
      await pages.close()
      await broker.close()
    },
  }
}
