import { payloadField, type PayloadFieldCorrelation } from '@antiphon/core'

const byField = payloadField('clientToken')

/**
 * The correlation of the services: a client token in the payload. The services read no properties of MQTT 5, so none is
 * sent, and a request is the same over both versions.
 */
export const clientToken: PayloadFieldCorrelation<'clientToken'> = {
  ...byField,
  correlate: (request) => ({ ...byField.correlate(request), properties: {} }),
}
