import { usageError } from '../usage-error.js'

/** The longest line, in bytes: the size of the largest MQTT packet. */
const longestLine = 268_435_455
const lineFeed = 0x0a

/** Reads lines of UTF-8 text, without their ends. Keeps no more than one line and one chunk in memory. */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  let parts: Uint8Array[] = []
  let length = 0
  const take = (last: Uint8Array): string => {
    const line = Buffer.concat([...parts, last]).toString('utf8')
    parts = []
    length = 0
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }
  for await (const chunk of input) {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      yield take(chunk.subarray(start, end))
      start = end + 1
    }
    if (start === chunk.length) continue
    parts.push(chunk.subarray(start))
    length += chunk.length - start
    if (length > longestLine)
      throw usageError(`a line is too long: MQTT allows ${longestLine} bytes in a packet`)
  }
  if (length > 0) yield take(new Uint8Array())
}

/** Reads an input until a signal aborts, and then rejects with its reason. */
export async function* untilAborted<A>(
  input: AsyncIterable<A>,
  signal: AbortSignal,
): AsyncGenerator<A, void> {
  const iterator = input[Symbol.asyncIterator]()
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
  // It is handled where the input is read.
  aborted.catch(() => undefined)
  for (;;) {
    const item = await Promise.race([iterator.next(), aborted])
    if (item.done === true) return
    yield item.value
  }
}
