// Takes the place of `@antiphon/mqtt` in an example that is recorded.
import { connect as connectUnobserved } from '@antiphon/mqtt'
import { recordLink } from './record-link.js'

export * from '@antiphon/mqtt'

export const connect: typeof connectUnobserved = (url, options) => recordLink(connectUnobserved(url, options))
