import { currentFormat, decodeFormat, formatFault, formatKey } from '../journal/format.js'
import type { Storage } from '../storage/storage.js'
import { header, toLine } from './archive-line.js'

/**
 * Returns the contents of a storage as lines of JSON: a header, one line for each session, message, queued message, received
 * QoS 2 message and retained message, and an end with the number of entries. Their bytes are base64.
 *
 * The storage must be that of a broker that has stopped. Rejects with `invalid-argument` if it cannot be read.
 */
export async function* exportStorage(storage: Storage): AsyncGenerator<string, void> {
  let entries = 0
  yield JSON.stringify(header)
  for await (const [key, value] of storage.load()) {
    if (key === formatKey) {
      const fault = formatFault(decodeFormat(value))
      if (fault !== undefined) throw fault
      continue
    }
    entries++
    yield JSON.stringify(toLine(key, value))
  }
  yield JSON.stringify({ type: 'end', entries })
}

/** Returns what is wrong with the header of an archive. */
export function headerFault(line: unknown): string | undefined {
  const { type, format } = (line ?? {}) as { readonly type?: unknown; readonly format?: unknown }
  if (type !== 'storage' || !Number.isInteger(format))
    return 'it is not the header of an export: use a file that antiphon-broker export has written'
  return format === currentFormat
    ? undefined
    : `the export has format ${String(format)}: this version imports format ${currentFormat}; export again with this version, or import with the version that exported it`
}
