import type { Link } from '@antiphon/core'
import { writeFile } from 'node:fs/promises'
import { firstValueFrom, type Observable } from 'rxjs'
import { diff } from '../diff.js'
import { fromAsyncApi } from '../from-async-api.js'
import { generateTypes } from '../generate-types.js'
import { mock } from '../mock.js'
import { toAsyncApi } from '../to-async-api.js'
import { help, readArguments, type ContractCommand } from './arguments.js'
import { loadModule, readDocument } from './read-files.js'

/** What the command gets from its process. */
export interface ContractEnvironment {
  readonly print: (text: string) => void
  /** Emits when the command shall end. */
  readonly stop$: Observable<unknown>
  /** Connects to a broker. @defaultValue `connect` of `@antiphon/mqtt` */
  readonly connect?: (url: string) => Link
}

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
      await write(command.out, format(toAsyncApi(await loadModule(command.module), command.info)), print)
      return 0
    case 'check':
      return check(command, print)
    case 'diff': {
      const { level, changes } = diff(await readDocument(command.before), await readDocument(command.after))
      for (const { level: ofChange, path, text } of changes) print(`${ofChange}: ${path}: ${text}`)
      print(level)
      return level === 'breaking' ? 1 : 0
    }
    case 'generate':
      await write(command.out, await generateTypes(await readDocument(command.file)), print)
      return 0
    case 'mock':
      return runMock(command, environment)
  }
}

async function check(
  { file, module, info }: Extract<ContractCommand, { readonly command: 'check' }>,
  print: (text: string) => void,
): Promise<number> {
  const document = await readDocument(file)
  const { endpoints, unsupported, info: own } = fromAsyncApi(document)
  for (const { pointer, reason } of unsupported) print(`${pointer}: ${reason}`)
  if (module !== undefined) {
    const exported = toAsyncApi(await loadModule(module), { ...info, ...own })
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
  const document = await readDocument(file)
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

async function write(out: string | undefined, text: string, print: (text: string) => void): Promise<void> {
  if (out === undefined) print(text)
  else await writeFile(out, `${text}\n`)
}

function format(document: unknown): string {
  return JSON.stringify(document, null, 2)
}
