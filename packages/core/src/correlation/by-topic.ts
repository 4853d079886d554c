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

/**
 * The reply's topic names the question: the endpoint's reply template holds a parameter that no two open questions
 * share. Nothing travels in payload or properties, so any peer can take part.
 */
export function topicParams(): Correlation {
  return { ...BY_TOPIC, name: 'topicParams', isOrdered: false }
}

/**
 * No token at all: answers on one reply topic belong to the questions in the order in which these were asked. For peers
 * that can carry nothing; one lost answer shifts all that follow, so prefer any other strategy.
 */
export function inOrder(): Correlation {
  return { ...BY_TOPIC, name: 'inOrder', isOrdered: true }
}
