import type { Link } from '@antiphon/core'
import {
  linkOptionRules,
  type LinkOptions,
  linkOver,
  type OptionRules,
  pickOptions,
  requireArgument,
} from '@antiphon/core/link'
import type { BrokerUrl } from '../address.js'
import { assertAvailable, webOptionRules } from './option-rules.js'
import type { WebOptions } from './options.js'
import { webTransport } from './transport.js'

/** The options of a connection over the platform's WebSocket, and of the link over it. */
export interface WebConnectOptions extends WebOptions, LinkOptions {
  /** The scheduler of all timers and clock reads of the link, the keepalive included. @defaultValue asyncScheduler */
  readonly scheduler?: NonNullable<LinkOptions['scheduler']>
}

const connectOptionRules: OptionRules<WebConnectOptions, WebOptions> = {
  ...webOptionRules,
  ...linkOptionRules,
}

/**
 * Creates a link to an MQTT broker over the platform's own WebSocket: the `connect` of `@antiphon/mqtt` for `ws:` and `wss:`,
 * without MQTT.js, at less than half of its size.
 *
 * Lazy: the first subscription to any of the link's streams connects. Given the URLs of several nodes of a cluster, each
 * new connection goes to the next URL, round robin. Throws `invalid-argument` if a URL or an option is invalid.
 *
 * @example
 * ```ts
 * const link = connect('wss://broker.example/mqtt')
 * link.messages$('vehicles/#').subscribe(({ topic }) => console.log(topic))
 * ```
 */
export function connect(url: BrokerUrl, options: WebConnectOptions = {}): Link {
  assertAvailable(options)
  requireArgument('options', options, connectOptionRules, options)
  return linkOver(
    webTransport(url, pickOptions(options, webOptionRules)),
    pickOptions(options, linkOptionRules),
  )
}
