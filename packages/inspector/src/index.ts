/**
 * The inspector: a page that shows the exchanges of a link, a broker or a recording.
 *
 * @packageDocumentation
 */

export { inspect } from './inspect.js'
export type { InspectOptions, Inspector } from './inspect.js'
export { observeMessages } from './observe-messages.js'
export type { ObserveMessagesOptions } from './observe-messages.js'
export { readRecording } from './read-recording.js'
