import { AntiphonError } from '../errors.js'
import type { ConnectionInfo, Link } from './link.js'
import { oncePer } from '../once-per.js'

/** An observer of the link's state. */
export interface LinkObserver {
  readonly onLinkOnline: () => void
  readonly onLinkOffline: (error: AntiphonError) => void
  readonly onLinkClosed: (error: AntiphonError) => void
}

/** Follows the state of a link, on behalf of its requesters and responders. */
export class LinkMonitor {
  readonly #link: Link
  readonly #observers = new Set<LinkObserver>()
  #isStarted = false
  #isOnline = false
  #connectionInfo: ConnectionInfo | undefined
  #responseTopic: string | undefined
  #controlTopic: string | undefined
  #offlineError: AntiphonError | undefined
  #closeError: AntiphonError | undefined

  constructor(link: Link) {
    this.#link = link
  }

  /** Whether the link is online; `false` until `start` was called. */
  get isOnline(): boolean {
    return this.#isOnline
  }

  /** Returns the limits and facts of the latest CONNACK. */
  get connectionInfo(): ConnectionInfo | undefined {
    return this.#connectionInfo
  }

  /** Returns the default response topic; `undefined` before the first connection. */
  get responseTopic(): string | undefined {
    return this.#responseTopic
  }

  /** Returns the default topic of exchange control messages; `undefined` before the first connection. */
  get controlTopic(): string | undefined {
    return this.#controlTopic
  }

  /** Returns why the latest attempt to connect failed or the connection was lost; `undefined` while online. */
  get offlineError(): AntiphonError | undefined {
    return this.#offlineError
  }

  /** Subscribes to the link's state once, which opens the link. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#link.state$.subscribe((state) => {
      this.#isOnline = state.status === 'online'
      if (state.status === 'online') {
        this.#offlineError = undefined
        this.#connectionInfo = state.info
        this.#responseTopic = ownTopic('response', state.info)
        this.#controlTopic = ownTopic('control', state.info)
        for (const observer of [...this.#observers]) observer.onLinkOnline()
      } else if (state.status === 'offline') {
        this.#offlineError = state.error
        for (const observer of [...this.#observers]) observer.onLinkOffline(state.error)
      } else if (state.status === 'closed') {
        const error = linkClosed(state.error)
        this.#closeError = error
        for (const observer of [...this.#observers]) observer.onLinkClosed(error)
      }
    })
  }

  /** Adds an observer of the link's state. Calls it at once if the link has closed. */
  addObserver(observer: LinkObserver): void {
    if (this.#closeError === undefined) this.#observers.add(observer)
    else observer.onLinkClosed(this.#closeError)
  }

  removeObserver(observer: LinkObserver): void {
    this.#observers.delete(observer)
  }
}

/** Returns the `LinkMonitor` of a link, of which there is one. */
export const linkMonitorOf: (link: Link) => LinkMonitor = oncePer((link) => new LinkMonitor(link))

function linkClosed(cause: AntiphonError | undefined): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', cause?.rawMessage ?? 'the link was closed', cause && { cause })
}

/** Returns a topic of this client. Characters of the client id that are not allowed in a topic level are escaped. */
function ownTopic(name: string, { clientId, responseInformation }: ConnectionInfo): string {
  const level = clientId.replace(/[/+#%]/g, encodeURIComponent)
  const prefix = responseInformation?.replace(/\/$/, '')
  return prefix === undefined || prefix === '' ? `${name}/${level}` : `${prefix}/${name}/${level}`
}
