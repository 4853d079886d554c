import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { loader } from '../../check/install/loader.js'
import { nodeReleases } from '../../check/install/node-release.js'
import { inRoot } from '../../check/workspace.js'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

// Runs the loader with an installed package `some` that has these files.
async function load(files: Readonly<Record<string, string>>, exports: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-loader-'))
  folders.push(folder)
  const some = join(folder, 'node_modules', 'some')
  await mkdir(some, { recursive: true })
  await writeFile(join(some, 'package.json'), JSON.stringify({ name: 'some', type: 'module', exports }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(some, name), text)
  await writeFile(join(folder, 'load.cjs'), loader(['some']))
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'load.cjs')], { encoding: 'utf8' })
  return stdout + stderr
}

describe('the tested releases of Node', () => {
  it('include the oldest release of each line in engines', async () => {
    const { engines } = JSON.parse(await readFile(inRoot('package.json'), 'utf8')) as {
      readonly engines: { readonly node: string }
    }
    expect(nodeReleases).toEqual(expect.arrayContaining(engines.node.match(/\d+\.\d+\.\d+/g) ?? []))
  })
})

describe('the loader of installed packages', () => {
  it('counts the names of an ES module that require and import share', async () => {
    expect(
      await load({ 'index.js': 'export const one = {}\nexport const other = {}' }, './index.js'),
    ).toContain('  some: 2 names')
  })

  it('fails on a module that require cannot load', async () => {
    expect(await load({ 'index.js': 'export const one = await 1' }, './index.js')).toContain(
      'ERR_REQUIRE_ASYNC_MODULE',
    )
  })

  it('fails if require and import load two copies', async () => {
    const files = { 'index.js': 'export const one = {}', 'index.cjs': 'exports.one = {}' }
    expect(await load(files, { require: './index.cjs', default: './index.js' })).toContain(
      'require and import of some differ in one',
    )
  })

  it('fails on an entry without exports', async () => {
    expect(await load({ 'index.js': '' }, './index.js')).toContain('some exports nothing')
  })
})
