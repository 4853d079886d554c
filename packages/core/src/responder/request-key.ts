/**
 * Returns the key that identifies a request; `undefined` if it has no correlation. The same token with another response topic is
 * another request. A topic contains no U+0000 [MQTT-4.7.3-2].
 */
export function requestKey(responseTopic: string | undefined, token: string | undefined): string | undefined {
  return responseTopic === undefined || token === undefined ? undefined : `${responseTopic}\u0000${token}`
}
