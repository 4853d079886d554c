/**
 * Returns the template of exactly this topic: braces, which would begin a parameter, are doubled.
 *
 * @example
 * ```ts
 * const template = literalTemplate('home/{1}/lamp') // 'home/{{1}}/lamp'
 * ```
 */
export function literalTemplate(topic: string): string {
  return topic.replace(/[{}]/g, '$&$&')
}
