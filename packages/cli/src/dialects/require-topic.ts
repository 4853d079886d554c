import type { DialectName } from '../flags/correlation-flags.js'
import { usageError } from '../usage-error.js'

/** Throws if a topic is not one of the dialect. */
export function requireTopic(name: DialectName, isOfDialect: boolean, expected: string): asserts isOfDialect {
  if (!isOfDialect) throw usageError(`--dialect ${name} needs a topic such as ${expected}`)
}
