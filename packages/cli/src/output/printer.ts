import { AntiphonError } from '@antiphon/core'
import { messageOf } from '../advice.js'
import type { OutputFlags } from '../flags/output-flags.js'
import type { Host, OutputStream } from '../host.js'
import { toJson } from '../payload/formats.js'
import type { OutputRecord } from './records.js'

/** The codes that switch a style of a terminal on and off. */
const styles = { dim: [2, 22], red: [31, 39] } as const
type Style = keyof typeof styles

/** Prints results to standard output and notices to standard error; with `--json`, results as records. */
export class Printer {
  readonly isJson: boolean
  /** Prints a packet; `undefined` without `--verbose`. */
  readonly printPacket: ((line: string) => void) | undefined
  readonly #host: Host

  constructor({ json, verbose }: OutputFlags, host: Host) {
    this.#host = host
    this.isJson = json === true
    this.printPacket = verbose === true ? (line) => void this.#writeLine(host.stderr, line, 'dim') : undefined
  }

  /** Prints a result: the record with `--json`, otherwise text or bytes. */
  async result(record: OutputRecord, shown: string | Uint8Array): Promise<void> {
    const { stdout } = this.#host
    if (this.isJson) await stdout.write(`${toJson(record)}\n`)
    else if (typeof shown === 'string') await stdout.write(`${shown}\n`)
    // A terminal would interpret bytes as control characters.
    else await stdout.write(stdout.isTerminal ? `${Buffer.from(shown).toString('hex')}\n` : shown)
  }

  /** Prints a notice for people: a record with `--json`, otherwise a line on standard error. */
  async notice(text: string, record?: OutputRecord): Promise<void> {
    if (!this.isJson) await this.#writeLine(this.#host.stderr, text, 'dim')
    else if (record !== undefined) await this.#host.stdout.write(`${toJson(record)}\n`)
  }

  /** Prints an error in one line. */
  async error(error: unknown, exitCode: number, details: { readonly request?: number } = {}): Promise<void> {
    const { code, topic, reasonCode, status } = AntiphonError.from(error)
    const message = messageOf(AntiphonError.from(error))
    if (!this.isJson) {
      const name = this.#host.stderr.isTerminal ? this.#styled('antiphon:', 'red') : 'antiphon:'
      await this.#host.stderr.write(`${name} ${message}\n`)
      return
    }
    const record: OutputRecord = {
      type: 'error',
      code,
      message,
      exitCode,
      ...details,
      ...(topic !== undefined && { topic }),
      ...(reasonCode !== undefined && { reasonCode }),
      ...(status !== undefined && {
        status: {
          code: status.code,
          ...(status.message !== undefined && { message: status.message }),
          ...(status.applicationCode !== undefined && { applicationCode: status.applicationCode }),
          ...(status.applicationPayload !== undefined && { applicationPayload: status.applicationPayload }),
        },
      }),
    }
    await this.#host.stdout.write(`${toJson(record)}\n`)
  }

  #writeLine(stream: OutputStream, line: string, style: Style): Promise<void> {
    return stream.write(`${stream.isTerminal ? this.#styled(line, style) : line}\n`)
  }

  #styled(text: string, style: Style): string {
    const [on, off] = styles[style]
    return this.#host.env['NO_COLOR'] === undefined ? `\u001b[${on}m${text}\u001b[${off}m` : text
  }
}
