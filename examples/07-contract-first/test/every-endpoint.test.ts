import { fromAsyncApi, toAsyncApi } from '@antiphon/asyncapi'
import type { Codec, Endpoint } from '@antiphon/core'
import { Parser } from '@asyncapi/parser'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const declaration = /^export const \w+(: Endpoint<[^=]*>)? = endpoint\(/m

/** Returns the names of the folders in a folder. Symbolic links, which lead to other packages, are not followed. */
function foldersIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => `${folder}/${name}`)
}

function filesIn(folder: string): readonly string[] {
  const files = readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map(({ name }) => join(root, folder, name))
  return [...files, ...foldersIn(folder).flatMap(filesIn)]
}

/** Returns the source files of published packages and of examples that export endpoints. */
function filesWithEndpoints(): readonly string[] {
  const packages = foldersIn('packages').filter((folder) => !isPrivate(join(root, folder, 'package.json')))
  return [...packages.map((folder) => `${folder}/src`), ...foldersIn('examples')]
    .flatMap(filesIn)
    .filter((file) => declaration.test(readFileSync(file, 'utf8')))
}

function isPrivate(file: string): boolean {
  const { private: value } = JSON.parse(readFileSync(file, 'utf8')) as { readonly private?: boolean }
  return value === true
}

type Named = readonly [name: string, endpoint: Endpoint]

async function endpointsIn(file: string): Promise<readonly Named[]> {
  const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  return Object.entries(module).filter((entry): entry is [string, Endpoint] => {
    const { topic, request } = (entry[1] ?? {}) as Partial<Endpoint>
    return topic !== undefined && request !== undefined
  })
}

const isJson = ({ request, response }: Endpoint): boolean =>
  [request, response].every(({ contentType, schema }: Codec<unknown>) => {
    return contentType === 'application/json' && schema !== undefined
  })

const all = (await Promise.all(filesWithEndpoints().map(endpointsIn))).flat()
const jsonEndpoints = all.filter(([, one]) => isJson(one))
const info = { title: 'Every endpoint', version: '1.0.0' }

describe('the contract of every JSON endpoint of the packages and examples', () => {
  it('contains the endpoints of the unlock story and of the contract of this example', () => {
    expect(jsonEndpoints.map(([name]) => name)).toEqual(
      expect.arrayContaining(['unlockEndpoint', 'unlock', 'positions']),
    )
  })

  it.each(jsonEndpoints)('%s is the same to the byte after export, import and export', (name, one) => {
    const document = JSON.stringify(toAsyncApi({ [name]: one }, info))
    const { endpoints, unsupported, info: read } = fromAsyncApi(JSON.parse(document))
    expect(unsupported).toEqual([])
    expect(JSON.stringify(toAsyncApi(endpoints, read))).toBe(document)
  })

  it.each(all)('the parser of AsyncAPI accepts the contract of %s', async (name, one) => {
    const { diagnostics } = await new Parser().parse(JSON.stringify(toAsyncApi({ [name]: one }, info)))
    expect(diagnostics.filter(({ severity }) => Number(severity) === 0)).toEqual([])
  })

  it('the parser of AsyncAPI accepts contract.json', async () => {
    const contract = readFileSync(new URL('../contract.json', import.meta.url), 'utf8')
    const { diagnostics } = await new Parser().parse(contract)
    expect(diagnostics.filter(({ severity }) => Number(severity) === 0)).toEqual([])
  })
})
