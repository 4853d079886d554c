import {
  virtualBroker,
  type VirtualBroker,
  type VirtualBrokerOptions,
  type VirtualClientOptions,
} from '@antiphon/testing'
import { AntiphonError } from '../../src/errors.js'
import type { Incident, Link, LinkState } from '../../src/link/link.js'
import { linkOptionRules } from '../../src/link/link-option-rules.js'
import { linkOver, type LinkOptions } from '../../src/link/link-over.js'
import type { OutgoingMessage } from '../../src/message.js'
import { pickOptions, type OptionRules } from '../../src/option-rules.js'
import { outgoing, textOf } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

/** A link called `me` to a virtual broker that keeps its session. */
export interface LinkSetting extends VirtualTime {
  readonly broker: VirtualBroker
  readonly link: Link
  readonly incidents: Incident[]
  /** The messages that the broker received from the link: topic and text. */
  readonly published: string[]
  readonly states: () => string[]
  /** Publishes; the result is recorded as `text code`. */
  readonly publish: (topic: string, text: string, more?: Partial<OutgoingMessage>) => string[]
  /** Subscribes; records the texts, then the end. */
  readonly subscribe: (filter: string) => { readonly log: string[]; readonly unsubscribe: () => void }
}

const brokerOptions: OptionRules<Omit<VirtualBrokerOptions, 'scheduler'>> = {
  seed: 'any',
  latency: 'any',
  limits: 'any',
  overlap: 'any',
}

const clientOptions: OptionRules<VirtualClientOptions> = {
  clientId: 'any',
  clean: 'any',
  protocolVersion: 'any',
  sessionExpiryInterval: 'any',
  receiveMaximum: 'any',
  will: 'any',
}

export function linkSetting(
  options: LinkOptions & Partial<VirtualBrokerOptions> & VirtualClientOptions = {},
): LinkSetting {
  const time = virtualTime()
  const { scheduler } = time
  const broker = virtualBroker({ latency: 1, ...pickOptions(options, brokerOptions), scheduler })
  const transport = broker.transport({
    clientId: 'me',
    clean: false,
    sessionExpiryInterval: 3_600,
    ...pickOptions(options, clientOptions),
  })
  const link = linkOver(transport, {
    reconnect: { initial: 100, factor: 1, jitter: 0 },
    ...pickOptions(options, linkOptionRules),
    scheduler,
  })
  const incidents: Incident[] = []
  link.incidents$.subscribe((incident) => incidents.push(incident))
  const published: string[] = []
  broker.published$.subscribe(({ message, clientId }) => {
    if (clientId === 'me') published.push(`${message.topic} ${textOf(message)}`)
  })
  return {
    ...time,
    broker,
    link,
    incidents,
    published,
    states: () => {
      const states: string[] = []
      const calls = (state: LinkState): void => void states.push(state.status)
      link.state$.subscribe({ next: calls, complete: () => states.push('|') })
      return states
    },
    publish: (topic, text, more) => {
      const log: string[] = []
      link.publish$(outgoing(topic, text, more)).subscribe({
        next: ({ reasonCode }) => log.push(`${text} ${reasonCode}`),
        error: (error: unknown) => log.push(`${text} ${AntiphonError.from(error).code}`),
        complete: () => log.push('|'),
      })
      return log
    },
    subscribe: (filter) => {
      const log: string[] = []
      const subscription = link.messages$(filter).subscribe({
        next: (message) => log.push(textOf(message)),
        error: (error: unknown) => log.push(AntiphonError.from(error).code),
        complete: () => log.push('|'),
      })
      return { log, unsubscribe: () => subscription.unsubscribe() }
    },
  }
}
