import type { Transport } from '@antiphon/core'
import { map } from 'rxjs'
import { platformLimits } from './platform-limits.js'

/** A transport that tells the link the hub's limits, which MQTT 3.1.1 has no words for. */
export function withinLimits(transport: Transport): Transport {
  const { unacknowledged, packetBytes, maximumQoS } = platformLimits
  const limits = {
    receiveMaximum: unacknowledged,
    maximumPacketSize: packetBytes,
    maximumQoS,
    retainAvailable: false,
    sharedSubscriptions: false,
  }
  return {
    ...transport,
    connect$: (attempt) =>
      transport
        .connect$(attempt)
        .pipe(
          map((event) =>
            event.type === 'online' ? { ...event, grant: { ...event.grant, ...limits } } : event,
          ),
        ),
  }
}
