// Takes the place of `@antiphon/broker` in an example that is recorded.
import { createBroker as createUnobserved } from '@antiphon/broker'
import { recordLink } from './record-link.js'

export * from '@antiphon/broker'

export const createBroker: typeof createUnobserved = (options) => {
  const broker = createUnobserved(options)
  return { ...broker, link: (linkOptions) => recordLink(broker.link(linkOptions)) }
}
