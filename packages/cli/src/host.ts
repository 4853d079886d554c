/** A stream that the command prints to. */
export interface OutputStream {
  /** Writes text or bytes; resolves when the stream has room for more. */
  readonly write: (chunk: string | Uint8Array) => Promise<void>
  readonly isTerminal: boolean
  /** The width of the terminal in characters. */
  readonly columns: number
}

/** What the command uses of its process. */
export interface Host {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** The version of this package. */
  readonly version: string
  /** Aborts when the command shall end early; the reason is an `Interruption`. */
  readonly signal: AbortSignal
}

/** Why the command ends early. */
export class Interruption extends Error {
  override readonly name = 'AbortError'
  readonly exitCode: number

  constructor(cause: string, exitCode: number) {
    super(`interrupted by ${cause}`)
    this.exitCode = exitCode
  }
}
