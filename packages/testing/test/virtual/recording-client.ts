import { AntiphonError, type Message, type OutgoingMessage } from '@antiphon/core'
import type { SubscribeRequest, Transport } from '@antiphon/core/link'
import type { ConnectionInfo } from '@antiphon/core'
import { type Subscription, VirtualTimeScheduler } from 'rxjs'
import { virtualBroker, type VirtualBroker, type VirtualBrokerOptions } from '../../src/index.js'

/** A client that records the events of its transport in order. */
export interface RecordingClient {
  readonly log: string[]
  readonly connectionInfos: ConnectionInfo[]
  readonly messages: Message[]
  /** The pending acknowledgements, if `manual`. */
  readonly acknowledge: (() => void)[]
  readonly connect: () => Subscription
  readonly subscribe: (filter: string, options?: Partial<SubscribeRequest>, identifier?: number) => void
  readonly unsubscribe: (filter: string) => void
  readonly publish: (topic: string, text: string, options?: Partial<OutgoingMessage>) => void
  readonly disconnect: () => void
}

/** Starts a broker on virtual time; `settle` runs it for some milliseconds. */
export function startBroker(options: Partial<VirtualBrokerOptions> = {}): {
  readonly broker: VirtualBroker
  readonly settle: (milliseconds?: number) => void
} {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  return {
    broker: virtualBroker({ scheduler, ...options }),
    settle: (milliseconds = 0) => {
      scheduler.maxFrames = scheduler.frame + milliseconds
      scheduler.flush()
      scheduler.frame = scheduler.maxFrames
    },
  }
}

/** Returns the bytes of `text`. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Returns the text of `payload`. */
export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

/** Returns a client over a transport that records its events; with `manual` the test acknowledges messages itself. */
export function recordingClient(transport: Transport, { manual = false } = {}): RecordingClient {
  const log: string[] = []
  const messages: Message[] = []
  const connectionInfos: ConnectionInfo[] = []
  const acknowledge: (() => void)[] = []
  const observerFor = (label: string) => ({
    next: (value: unknown) => log.push(`${label} ${JSON.stringify(value)}`),
    error: (error: unknown) => {
      const { code, reasonCode } = AntiphonError.from(error)
      log.push(`${label} ! ${code}${reasonCode === undefined ? '' : ` ${reasonCode}`}`)
    },
    complete: () => undefined,
  })
  return {
    log,
    connectionInfos,
    messages,
    acknowledge,
    connect: () =>
      transport.connect$(1).subscribe({
        ...observerFor('connect'),
        next: (event) => {
          if (event.type === 'online') {
            connectionInfos.push(event.info)
            log.push(event.info.sessionPresent ? 'online, session present' : 'online')
          } else if (event.type === 'malformed') log.push(`malformed ${event.error.code}`)
          else if (event.type === 'message') {
            const { topic, dup, retain } = event.message
            messages.push(event.message)
            log.push(`${topic}=${textOf(event.message)}${retain ? ' retained' : ''}${dup ? ' dup' : ''}`)
            if (manual) acknowledge.push(event.acknowledge)
            else event.acknowledge()
          }
        },
        complete: () => log.push('closed'),
      }),
    subscribe: (filter, options = {}, identifier) => {
      const defaults = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
      transport
        .subscribe$([{ filter, ...defaults, ...options }], identifier)
        .subscribe(observerFor(`sub ${filter}`))
    },
    unsubscribe: (filter) => {
      transport.unsubscribe$([filter]).subscribe(observerFor(`unsub ${filter}`))
    },
    publish: (topic, text, options = {}) => {
      transport.publish$({ topic, payload: bytes(text), ...options }).subscribe({
        ...observerFor(`pub ${text}`),
        next: (event) => {
          if (event.reasonCode === undefined) event.resend(options.messageExpiryInterval)
          else log.push(`pub ${text} ${event.reasonCode}`)
        },
      })
    },
    disconnect: () => {
      transport.disconnect$().subscribe({ complete: () => log.push('disconnected') })
    },
  }
}
