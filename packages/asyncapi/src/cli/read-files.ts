import { invalidArgument } from '@antiphon/core/link'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'

const maximumBytes = 8_388_608

/** Reads a document in JSON or YAML. Throws `invalid-argument` if it is larger than 8 MiB. */
export async function readDocument(file: string): Promise<unknown> {
  const { size } = await stat(file)
  if (size > maximumBytes)
    throw invalidArgument(`${file} has ${size} bytes: a document has at most ${maximumBytes}`)
  // YAML includes JSON.
  return parse(await readFile(file, 'utf8')) as unknown
}

/** Returns the exports of a module. One in TypeScript needs a loader. */
export async function loadModule(module: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(resolve(module)).href)) as Readonly<Record<string, unknown>>
}
