/** A shared filter taken apart. */
export interface SharedFilter {
  readonly group: string
  readonly filter: string
}

/** The group and the filter proper of `$share/group/filter`, or nothing for an ordinary filter. */
export function sharedFilter(filter: string): SharedFilter | undefined {
  const [, group, proper] = /^\$share\/([^/+#]+)\/(.+)$/s.exec(filter) ?? []
  return group === undefined || proper === undefined ? undefined : { group, filter: proper }
}

/** Whether an ordinary filter asks for `topic` [MQTT-4.7.1-2], [MQTT-4.7.2-1]. */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false
  }
  return wanted.length === levels.length
}
