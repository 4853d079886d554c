import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { exitCodes, recordSchema } from '@antiphon/cli'
import { expect } from 'vitest'
import { Interruption, type Host } from '../src/host.js'
import { runProgram } from '../src/program.js'

/** The options of a run. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly isTerminal?: boolean
  readonly columns?: number
  /** Interrupts the command when it has printed so often. */
  readonly interruptAfter?: number
}

/** What a run has printed, and its exit code. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as bytes. */
  readonly bytes: Uint8Array
  /** The records on standard output, each checked against the schema. */
  readonly records: () => readonly Record<string, unknown>[]
}

/** A running command. */
export interface Running {
  readonly ended: Promise<Ended>
  /** Resolves when standard output or standard error contains the text. */
  readonly printed: (text: string) => Promise<void>
  /** Returns what standard output contains. */
  readonly shown: () => string
  readonly interrupt: () => void
}

const isRecord = new Ajv2020({ strict: false }).compile(recordSchema)

/** Starts the command in this process. */
export function startAntiphon(args: readonly string[], options: RunOptions = {}): Running {
  const chunks: Uint8Array[] = []
  let stderr = ''
  let notify = (): void => undefined
  const controller = new AbortController()
  const text = (): string => Buffer.concat(chunks).toString()
  const interrupt = (): void => controller.abort(new Interruption('Ctrl-C', exitCodes.interrupted))
  let writes = 0
  const stream = (write: (chunk: string | Uint8Array) => void): Host['stdout'] => ({
    write: (chunk) => {
      write(chunk)
      notify()
      writes += 1
      if (writes === options.interruptAfter) interrupt()
      return Promise.resolve()
    },
    isTerminal: options.isTerminal ?? false,
    columns: options.columns ?? 80,
  })
  const host: Host = {
    stdin: options.stdin ?? inputOf(),
    stdout: stream((chunk) => chunks.push(Buffer.from(chunk))),
    stderr: stream((chunk) => (stderr += Buffer.from(chunk).toString())),
    env: options.env ?? {},
    version: '1.2.3',
    signal: controller.signal,
  }
  const ended = runProgram(args, host).then((code) => ({
    code,
    stdout: text(),
    stderr,
    bytes: new Uint8Array(Buffer.concat(chunks)),
    records: () => recordsIn(text()),
  }))
  return {
    ended,
    printed: (expected) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (`${text()}${stderr}`.includes(expected)) resolve()
        }
        void ended.then(() => {
          check()
          reject(new Error(`ended without "${expected}": ${text()}${stderr}`))
        })
        const others = notify
        notify = () => {
          others()
          check()
        }
        check()
      }),
    shown: text,
    interrupt,
  }
}

/** Runs the command to its end. */
export async function antiphon(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return startAntiphon(args, options).ended
}

/** Whether a request was sent, to which there was no response in time. */
export const hasNoResponse = ({ stderr }: Ended): boolean => stderr.includes('no response within')

const isConnected = ({ code }: Ended): boolean => code !== exitCodes.connection

/**
 * Runs the command with a timeout that suffices: with longer ones while it exits as without a connection, or has not done
 * what `isEnough` expects of it before the timeout.
 */
export async function antiphonWithTimeout(
  args: readonly string[],
  isEnough: (ended: Ended) => boolean = isConnected,
  option = '--timeout',
): Promise<Ended> {
  let timeout = 250
  let ended: Ended
  do {
    ended = await antiphon([...args, option, `${timeout}ms`])
    timeout *= 4
  } while (!isEnough(ended) && timeout <= 16_000)
  return ended
}

/** Returns a standard input with the given chunks. */
export async function* inputOf(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk))
}

/** Returns a page of the documentation. */
export function guidePage(): string {
  return readFileSync(new URL('../../../docs/guide/command-line.md', import.meta.url), 'utf8')
}

function recordsIn(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const record = JSON.parse(line) as Record<string, unknown>
      expect([isRecord(record), isRecord.errors, record]).toEqual([true, null, record])
      return record
    })
}
