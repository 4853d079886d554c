import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compileFunction } from 'node:vm'
import { AntiphonError } from '@antiphon/core'
import { transform } from 'esbuild'
import { expect } from 'vitest'
import type { Mutant } from './mutant.js'

const sources = fileURLToPath(new URL('../../../core/src', import.meta.url))

/** The modules of core by their file, compiled, and by their name those that core depends on. */
interface Modules {
  readonly code: ReadonlyMap<string, string>
  readonly foreign: ReadonlyMap<string, unknown>
}

let compiled: Promise<Modules> | undefined

/**
 * Core with this fault, or with none. Only the faulty module is compiled anew; a test runner that took a copy of core for
 * modules it does not know spent most of a second on each.
 */
export async function faultyCore<Core>(mutant?: Mutant): Promise<Core> {
  compiled ??= compileAll()
  const { code, foreign } = await compiled
  return load<Core>({ code: new Map([...code, ...(await codeOf(mutant))]), foreign })
}

async function compileAll(): Promise<Modules> {
  const entries = await readdir(sources, { recursive: true })
  const files = entries.filter((file) => file.endsWith('.ts')).map((file) => file.replaceAll('\\', '/'))
  const code = new Map(
    await Promise.all(
      files.map(async (file) => [file, await compile(await readFile(join(sources, file), 'utf8'))] as const),
    ),
  )
  const core = createRequire(join(sources, 'index.ts'))
  const names = new Set(
    [...code.values()].flatMap((text) => [...text.matchAll(REQUIRED)].map(([, name]) => name)),
  )
  const foreign = [...names].filter(
    (name) => name !== undefined && !name.startsWith('.'),
  ) as readonly string[]
  const load = async (name: string): Promise<readonly [string, unknown]> => [
    name,
    await import(pathToFileURL(core.resolve(name)).href),
  ]
  return { code, foreign: new Map(await Promise.all(foreign.map(load))) }
}

const REQUIRED = /require\("([^"]+)"\)/g

async function codeOf(mutant: Mutant | undefined): Promise<readonly (readonly [string, string])[]> {
  if (mutant === undefined) return []
  const { file, text, becomes } = mutant
  const source = await readFile(join(sources, file), 'utf8')
  expect(source.split(text), `core's ${file} has changed: write this fault anew`).toHaveLength(2)
  return [[file, await compile(source.replace(text, () => becomes))]]
}

async function compile(source: string): Promise<string> {
  const { code } = await transform(source, { loader: 'ts', format: 'cjs', target: 'node20' })
  return code
}

/** What core's own entry points export, of modules of its own but for the errors, which are known by their class. */
function load<Core>({ code, foreign }: Modules): Core {
  const loaded = new Map<string, { exports: unknown }>([['errors.ts', { exports: { AntiphonError } }]])
  const take = (file: string): unknown => {
    const known = loaded.get(file)
    if (known !== undefined) return known.exports
    const made = { exports: {} as unknown }
    loaded.set(file, made)
    // Under another name than core's own file, whose coverage it would be counted in.
    const run = compileFunction(code.get(file) ?? '', ['module', 'require'], { filename: `faulty:${file}` })
    const folder = new URL(file, 'file:///')
    run.call(undefined, made, (name: string) =>
      name.startsWith('.')
        ? take(new URL(name, folder).pathname.slice(1).replace(/\.js$/, '.ts'))
        : foreign.get(name),
    )
    return made.exports
  }
  return { ...(take('index.ts') as Core), ...(take('entry/link.ts') as Core) }
}
