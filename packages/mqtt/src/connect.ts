import type { Link } from '@antiphon/core'
import { invalidArgument, type LinkOptions, linkOver, quoted } from '@antiphon/core/link'
import type { BrokerUrl } from './address.js'
import { optionNames } from './option-rules.js'
import type { MqttOptions } from './options.js'
import { mqttTransport } from './transport.js'

/** The options of a connection to a broker, and of the link over it. */
export interface ConnectOptions extends MqttOptions, LinkOptions {
  /** The scheduler of all timers and clock reads of the link; sockets use their own. @defaultValue asyncScheduler */
  readonly scheduler?: NonNullable<LinkOptions['scheduler']>
}

const linkOptionNames: { readonly [Name in keyof Required<LinkOptions>]: true } = {
  scheduler: true,
  reconnect: true,
  queue: true,
  unrouted: true,
  filtersPerSubscribe: true,
  limits: true,
  maxConnectionAge: true,
  closeTimeout: true,
}

/**
 * Creates a link to an MQTT broker over TCP, TLS or WebSockets.
 *
 * Lazy: the first subscription to any of the link's streams connects. Given the URLs of several nodes of a cluster, each
 * new connection goes to the next URL, round robin. Throws `invalid-argument` if a URL or an option is invalid.
 *
 * @example
 * ```ts
 * const link = connect('mqtt://localhost:1883')
 * link.messages$('vehicles/#').subscribe(({ topic }) => console.log(topic))
 * ```
 */
export function connect(url: BrokerUrl, options: ConnectOptions = {}): Link {
  const transportOptions: Record<string, unknown> = {}
  const linkOptions: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    const isOfLink = Object.hasOwn(linkOptionNames, name)
    const isOfTransport = optionNames.includes(name)
    if (!isOfLink && !isOfTransport) {
      const known = [...new Set([...optionNames, ...Object.keys(linkOptionNames)])].join(', ')
      throw invalidArgument(`option ${quoted(name)} is not known: use ${known}`)
    }
    if (value === undefined) continue
    if (isOfLink) linkOptions[name] = value
    if (isOfTransport) transportOptions[name] = value
  }
  return linkOver(mqttTransport(url, transportOptions), linkOptions)
}
