const slash = 0x2f

/** Whether a topic name may be published to: not empty [MQTT-4.7.3-1], no wildcard [MQTT-3.3.2-2]. */
export function isTopicName(topic: string): boolean {
  return topic.length > 0 && !/[+#\0]/.test(topic)
}

/** Whether a filter is well formed, the part behind `$share/<group>/` included [MQTT-4.7.1-1/2, 4.8.2-1/2]. */
export function isTopicFilter(filter: string): boolean {
  if (filter.startsWith('$share/')) {
    const shared = parseShared(filter)
    return shared !== undefined && isPlainFilter(shared.filter)
  }
  return isPlainFilter(filter)
}

function isPlainFilter(filter: string): boolean {
  if (filter.length === 0 || filter.includes('\0')) return false
  for (let at = 0; at < filter.length; at++) {
    const char = filter[at]
    if (char !== '+' && char !== '#') continue
    const opensLevel = at === 0 || filter.charCodeAt(at - 1) === slash
    const endsFilter = at === filter.length - 1
    const endsLevel = endsFilter || filter.charCodeAt(at + 1) === slash
    if (!opensLevel || !(char === '#' ? endsFilter : endsLevel)) return false
  }
  return true
}

/** The group and the plain filter of a shared subscription; `undefined` when the name breaks [MQTT-4.8.2-1/2]. */
export function parseShared(filter: string): { readonly group: string; readonly filter: string } | undefined {
  const match = /^\$share\/([^/+#]+)\/(.+)$/s.exec(filter)
  return match === null ? undefined : { group: match[1] as string, filter: match[2] as string }
}

/** How many levels a topic or filter has. */
export function levelCount(topic: string): number {
  let levels = 1
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++
  return levels
}
