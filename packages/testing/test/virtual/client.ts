import { AntiphonError, type Message, type OutgoingMessage } from '@antiphon/core'
import type { SubscribeRequest, Transport } from '@antiphon/core/link'
import type { Grant } from '@antiphon/core'
import { type Subscription, VirtualTimeScheduler } from 'rxjs'
import { virtualBroker, type VirtualBroker, type VirtualBrokerOptions } from '../../src/index.js'

/** What one transport said, in the order it said it, with its time where that is not 0. */
export interface Client {
  readonly log: string[]
  readonly grants: Grant[]
  readonly messages: Message[]
  /** Acknowledgements in hand, when `manual`. */
  readonly acknowledge: (() => void)[]
  readonly connect: () => Subscription
  readonly subscribe: (filter: string, options?: Partial<SubscribeRequest>, identifier?: number) => void
  readonly unsubscribe: (filter: string) => void
  readonly publish: (topic: string, text: string, options?: Partial<OutgoingMessage>) => void
  readonly bye: () => void
}

/** A broker on virtual time and the way to run it. */
export function world(options: Partial<VirtualBrokerOptions> = {}): {
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

/** The bytes of `text`. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The text of `payload`. */
export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

/** Drives a transport and writes down what comes. */
export function client(transport: Transport, { manual = false } = {}): Client {
  const log: string[] = []
  const messages: Message[] = []
  const grants: Grant[] = []
  const acknowledge: (() => void)[] = []
  const told = (what: string) => ({
    next: (value: unknown) => log.push(`${what} ${JSON.stringify(value)}`),
    error: (error: unknown) => {
      const { code, reasonCode } = AntiphonError.from(error)
      log.push(`${what} ! ${code}${reasonCode === undefined ? '' : ` ${reasonCode}`}`)
    },
    complete: () => undefined,
  })
  return {
    log,
    grants,
    messages,
    acknowledge,
    connect: () =>
      transport.connect$(1).subscribe({
        ...told('connect'),
        next: (event) => {
          if (event.type === 'online') {
            grants.push(event.grant)
            log.push(event.grant.sessionPresent ? 'online, session present' : 'online')
          } else if (event.type === 'malformed') log.push(`malformed ${event.error.code}`)
          else {
            const { topic, dup, retain } = event.message
            messages.push(event.message)
            log.push(`${topic}=${textOf(event.message)}${retain ? ' retained' : ''}${dup ? ' dup' : ''}`)
            if (manual) acknowledge.push(event.acknowledge)
            else event.acknowledge()
          }
        },
        complete: () => log.push('gone'),
      }),
    subscribe: (filter, options = {}, identifier) => {
      const defaults = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
      transport.subscribe$([{ filter, ...defaults, ...options }], identifier).subscribe(told(`sub ${filter}`))
    },
    unsubscribe: (filter) => {
      transport.unsubscribe$([filter]).subscribe(told(`unsub ${filter}`))
    },
    publish: (topic, text, options = {}) => {
      transport.publish$({ topic, payload: bytes(text), ...options }).subscribe({
        ...told(`pub ${text}`),
        next: ({ reasonCode }) => log.push(`pub ${text} ${reasonCode}`),
      })
    },
    bye: () => {
      transport.disconnect$().subscribe({ complete: () => log.push('bye') })
    },
  }
}
