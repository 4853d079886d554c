/**
 * Request streams: endpoints whose requests are streams of items.
 *
 * @packageDocumentation
 */
export { requestStreamEndpoint } from '../request-stream-endpoint.js'
