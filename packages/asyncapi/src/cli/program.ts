import type { Link } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { firstValueFrom, type Observable } from 'rxjs'
import { parse } from 'yaml'
import { diff } from '../diff.js'
import { fromAsyncApi } from '../from-async-api.js'
import { generateTypes } from '../generate-types.js'
import { mock } from '../mock.js'
import { toAsyncApi } from '../to-async-api.js'
import { help, readArguments, type ContractCommand } from './arguments.js'

/** What the command gets from its process. */
export interface ContractEnvironment {
  readonly print: (text: string) => void
  /** Emits when the command shall end. */
  readonly stop$: Observable<unknown>
  /** Connects to a broker. @defaultValue `connect` of `@antiphon/mqtt` */
  readonly connect?: (url: string) => Link
}

const maximumBytes = 8_388_608

/** Runs the command and returns its exit code. Rejects with what is wrong. */
export async function contractProgram(
  args: readonly string[],
  environment: ContractEnvironment,
): Promise<number> {
  const command = readArguments(args)
  if (command === 'help') {
    environment.print(help)
    return 0
  }
  return run(command, environment)
}

async function run(command: ContractCommand, environment: ContractEnvironment): Promise<number> {
  const { print } = environment
  switch (command.command) {
    case 'export':
      await write(command.out, format(toAsyncApi(await load(command.module), command.info)), print)
      return 0
    case 'check':
      return check(command, print)
    case 'diff': {
      const { level, changes } = diff(await read(command.before), await read(command.after))
      for (const { level: ofChange, path, text } of changes) print(`${ofChange}: ${path}: ${text}`)
      print(level)
      return level === 'breaking' ? 1 : 0
    }
    case 'generate':
      await write(command.out, await generateTypes(await read(command.file)), print)
      return 0
    case 'mock':
      return runMock(command, environment)
  }
}

async function check(
  { file, module, info }: Extract<ContractCommand, { readonly command: 'check' }>,
  print: (text: string) => void,
): Promise<number> {
  const document = await read(file)
  const { endpoints, unsupported, info: own } = fromAsyncApi(document)
  for (const { pointer, reason } of unsupported) print(`${pointer}: ${reason}`)
  if (module !== undefined) {
    const exported = toAsyncApi(await load(module), { ...info, ...own })
    if (format(exported) !== format(document)) {
      for (const { path, text } of diff(document, exported).changes) print(`${path}: ${text}`)
      print(`${file} is not the export of ${module}: export it again`)
      return 1
    }
  }
  print(`${Object.keys(endpoints).length} operations can be served, ${unsupported.length} cannot`)
  return unsupported.length === 0 ? 0 : 1
}

async function runMock(
  { file, url, seed, faults }: Extract<ContractCommand, { readonly command: 'mock' }>,
  { print, stop$, connect }: ContractEnvironment,
): Promise<number> {
  const document = await read(file)
  const link = connect === undefined ? (await import('@antiphon/mqtt')).connect(url) : connect(url)
  const mocked = mock(document, link, {
    seed,
    faults,
    onServed: ({ endpoint, outcome }) => print(`${endpoint}: ${outcome}`),
    onError: (error) => print(`cannot serve: ${String(error)}`),
  })
  print(`mocking ${file} at ${url}`)
  await firstValueFrom(stop$, { defaultValue: undefined })
  mocked.unsubscribe()
  await link.close()
  return 0
}

/** Reads a document. YAML includes JSON. */
async function read(file: string): Promise<unknown> {
  const { size } = await stat(file)
  if (size > maximumBytes)
    throw invalidArgument(`${file} has ${size} bytes: a document has at most ${maximumBytes}`)
  return parse(await readFile(file, 'utf8')) as unknown
}

async function load(module: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(resolve(module)).href)) as Readonly<Record<string, unknown>>
}

async function write(out: string | undefined, text: string, print: (text: string) => void): Promise<void> {
  if (out === undefined) print(text)
  else await writeFile(out, `${text}\n`)
}

function format(document: unknown): string {
  return JSON.stringify(document, null, 2)
}
