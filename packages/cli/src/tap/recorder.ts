import { userProperty } from '@antiphon/core'
import { open, type FileHandle } from 'node:fs/promises'
import { roundedTime } from '../output/rounded-time.js'
import { toRecordedMessage, type RecordedExchange } from '../recording/recorded-exchange.js'
import { usageError } from '../usage-error.js'
import type { ObservedExchange } from './exchange-pairs.js'
import { statusOf } from './print-exchanges.js'

/** Writes exchanges to a file, one JSON object a line. */
export class Recorder {
  readonly #file: FileHandle
  #startedAt: number | undefined

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Creates the file, or empties it. It may contain secrets, so that only its user can read it. */
  static async open(path: string): Promise<Recorder> {
    try {
      return new Recorder(await open(path, 'w', 0o600))
    } catch (error) {
      throw usageError(`cannot write --record ${path}: ${(error as Error).message.replace(/, .*$/, '')}`)
    }
  }

  async add({ request, response, items, startedAt, endedAt }: ObservedExchange): Promise<void> {
    this.#startedAt ??= startedAt
    const status = statusOf(response)
    const exchange: RecordedExchange = {
      at: roundedTime(startedAt - this.#startedAt),
      topic: request.topic,
      request: toRecordedMessage(request),
      isStream: userProperty(response.userProperties, '__stream') !== undefined,
      ...(status !== undefined && { status }),
      responses: items.map(toRecordedMessage),
      milliseconds: roundedTime(endedAt - startedAt),
    }
    await this.#file.write(`${JSON.stringify(exchange)}\n`)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
