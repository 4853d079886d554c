import type { Correlation } from './correlation.js'

const BY_TOPIC: Omit<Correlation, 'name' | 'isOrdered'> = {
  readsPayload: false,
  correlate: ({ value }) => ({ token: '', value, properties: {} }),
  tokenOf: () => '',
  readRequest: () => ({
    responseTopic: undefined,
    token: undefined,
    addToken: (response) => response,
    properties: {},
  }),
}

const TOPIC_PARAMS: Correlation = { ...BY_TOPIC, name: 'topicParams', isOrdered: false }

const IN_ORDER: Correlation = {
  ...BY_TOPIC,
  name: 'inOrder',
  isOrdered: true,
  // A response with Correlation Data answers a request that sent it (MQTT 5 §4.10.1).
  tokenOf: ({ message }) => (message.correlationData === undefined ? '' : undefined),
}

/**
 * Creates a correlation by response topic: the template of the response topic has a parameter whose value is unique among
 * the pending requests. It needs no token in payload or properties, so any peer can respond.
 */
export function topicParams(): Correlation {
  return TOPIC_PARAMS
}

/**
 * Creates a correlation without a token: the first response on a response topic belongs to the oldest pending request of
 * any endpoint. It is for peers that cannot carry a token. One lost response shifts all later ones, so prefer any other
 * correlation. Responses with Correlation Data are left to requests that sent it.
 */
export function inOrder(): Correlation {
  return IN_ORDER
}
