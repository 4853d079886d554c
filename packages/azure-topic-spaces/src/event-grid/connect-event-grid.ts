import type { Link } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import { connect, type MqttOptions } from '@antiphon/mqtt'
import { eventGridLimits, eventGridLinkOptions } from './event-grid-limits.js'

/** The options of a client's connection; TLS and socket options are those of `connect` in `@antiphon/mqtt`. */
export interface EventGridOptions
  extends
    Omit<LinkOptions, 'filtersPerSubscribe' | 'limits'>,
    Pick<
      MqttOptions,
      | 'ca'
      | 'cert'
      | 'key'
      | 'passphrase'
      | 'servername'
      | 'rejectUnauthorized'
      | 'wsOptions'
      | 'tunnel'
      | 'timerVariant'
      | 'connectTimeout'
      | 'keepalive'
      | 'will'
    > {
  /** The MQTT host name of the namespace, such as `ns.westeurope-1.ts.eventgrid.azure.net`. */
  readonly host: string
  /** The authentication name of the client. */
  readonly authenticationName: string
  /** The name of the session, for a client with several. @defaultValue `authenticationName` */
  readonly sessionName?: string
  /** Seconds for which the session outlives the connection; the namespace limits it. @defaultValue 3 600 */
  readonly sessionExpiryInterval?: number
  /** The URL in place of `mqtts://<host>:8883`, such as `wss://<host>/mqtt`. */
  readonly url?: string
}

/**
 * Creates a client's link to the MQTT broker of an Event Grid namespace: MQTT 5 over TLS, with a certificate, and with a session
 * that outlives the connection.
 *
 * Lazy like every link. Throws `invalid-argument` if an option is invalid.
 */
export function connectEventGrid({
  host,
  authenticationName,
  sessionName = authenticationName,
  sessionExpiryInterval = 3_600,
  url = `mqtts://${host}:8883`,
  ...options
}: EventGridOptions): Link {
  return connect(url, {
    connectTimeout: 20_000,
    keepalive: 60,
    ...options,
    ...eventGridLinkOptions,
    protocolVersion: 5,
    clean: false,
    clientId: sessionName,
    username: authenticationName,
    properties: { sessionExpiryInterval, maximumPacketSize: eventGridLimits.packetBytes },
  })
}
