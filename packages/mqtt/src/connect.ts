import type { Link } from '@antiphon/core'
import {
  linkOptionRules,
  type LinkOptions,
  linkOver,
  type OptionRules,
  pickOptions,
  requireArgument,
  unrefScheduler,
} from '@antiphon/core/link'
import type { BrokerUrl } from './address.js'
import { withHeldProcess } from './held-process.js'
import { mqttOptionRules } from './option-rules.js'
import type { MqttOptions } from './options.js'
import { mqttTransport } from './transport.js'

/** The options of a connection to a broker, and of the link over it. */
export interface ConnectOptions extends MqttOptions, LinkOptions {
  /** The scheduler of all timers and clock reads of the link; sockets use their own. @defaultValue asyncScheduler */
  readonly scheduler?: NonNullable<LinkOptions['scheduler']>
}

const connectOptionRules: OptionRules<ConnectOptions, MqttOptions> = {
  ...mqttOptionRules,
  ...linkOptionRules,
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
  requireArgument('options', options, connectOptionRules, options)
  const isUnref = options.unref === true
  const link = linkOver(mqttTransport(url, pickOptions(options, mqttOptionRules)), {
    ...(isUnref && { backgroundScheduler: unrefScheduler }),
    ...pickOptions(options, linkOptionRules),
  })
  return isUnref ? withHeldProcess(link) : link
}
