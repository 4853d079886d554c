import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { Readable as ReadableStream } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { AntiphonError } from '@antiphon/core'
import { exportStorage } from '../archive/export-storage.js'
import { importStorage } from '../archive/import-storage.js'
import { openDurableStorage } from '../command/open-durable-storage.js'

/** What the commands use of their process. */
export interface ArchiveHost {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly print: (line: string) => void
}

const exportHelp = `antiphon-broker export: writes a storage as lines of JSON

Usage: antiphon-broker export <directory> [file]

<directory> is that of --data; stop its broker before. Without <file>, the lines go to the standard output. Payloads are base64:
keep the file as private as the storage.`

const importHelp = `antiphon-broker import: reads an export into a new storage

Usage: antiphon-broker import <directory> [file]

<directory> must be empty or not exist. Without <file>, the lines are read from the standard input.`

/** Runs `antiphon-broker export`; returns the exit code. */
export async function runExport(args: readonly string[], host: ArchiveHost): Promise<number> {
  const request = parse('export', args)
  if (request === 'help') return printed(host, exportHelp)
  const { directory, file } = request
  // Opening would create it.
  if (!existsSync(directory))
    throw new AntiphonError('invalid-argument', `cannot export ${directory}: there is no such directory`)
  const storage = await openDurableStorage(directory)
  try {
    const lines = ReadableStream.from(withLineBreaks(exportStorage(storage)))
    if (file === undefined) await pipeline(lines, host.stdout, { end: false })
    else await pipeline(lines, createWriteStream(file, { flags: 'wx', mode: 0o600 }))
  } finally {
    await storage.close()
  }
  if (file !== undefined) host.print(`exported ${directory} to ${file}`)
  return 0
}

/** Runs `antiphon-broker import`; returns the exit code. */
export async function runImport(args: readonly string[], host: ArchiveHost): Promise<number> {
  const request = parse('import', args)
  if (request === 'help') return printed(host, importHelp)
  const { directory, file } = request
  if (file !== undefined && !existsSync(file))
    throw new AntiphonError('invalid-argument', `cannot import ${file}: there is no such file`)
  const storage = await openDurableStorage(directory)
  try {
    const input = file === undefined ? host.stdin : createReadStream(file)
    const entries = await importStorage(storage, linesOf(input))
    host.print(`imported ${entries} entries into ${directory}`)
  } finally {
    await storage.close()
  }
  return 0
}

/** Reads lines from when they are iterated: readline drops those that it has read before. */
async function* linesOf(input: Readable): AsyncGenerator<string, void> {
  yield* createInterface({ input, crlfDelay: Infinity })
}

async function* withLineBreaks(lines: AsyncIterable<string>): AsyncGenerator<string, void> {
  for await (const line of lines) yield `${line}\n`
}

function printed({ print }: ArchiveHost, text: string): 0 {
  print(text)
  return 0
}

function parse(
  command: string,
  args: readonly string[],
): 'help' | { readonly directory: string; readonly file: string | undefined } {
  const see = `see antiphon-broker ${command} --help`
  const options = { help: { type: 'boolean', short: 'h' } } as const
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    const [reason = ''] = AntiphonError.from(error).rawMessage.split('. ', 1)
    throw new AntiphonError('invalid-argument', `${reason}; ${see}`, { cause: error })
  }
  if (parsed.values.help === true) return 'help'
  const [directory, file, ...others] = parsed.positionals
  if (directory === undefined || others.length > 0)
    throw new AntiphonError('invalid-argument', `${command} needs <directory> and at most one <file>; ${see}`)
  return { directory, file }
}
