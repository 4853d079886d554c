import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { isAllowed } from '../../check/licences/allowed.js'
import { type Dependency, licenceIn, productionDependencies } from '../../check/licences/dependencies.js'
import { licenceCounts, licenceFaults } from '../../check/licences/report.js'
import { publicPackages } from '../../check/workspace.js'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

type Manifest = Readonly<Record<string, unknown>>

// Creates a repository in a temporary folder from manifests by folder, with symbolic links like those of pnpm.
async function repository(
  manifests: Readonly<Record<string, Manifest>>,
  links: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'antiphon-licences-')))
  folders.push(folder)
  for (const [path, manifest] of Object.entries(manifests)) {
    await mkdir(join(folder, path), { recursive: true })
    await writeFile(join(folder, path, 'package.json'), JSON.stringify({ version: '1.0.0', ...manifest }))
  }
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await symlink(join(folder, target), join(folder, path))
  }
  return folder
}

const dependency = (name: string, licence: string): Dependency => ({
  name,
  version: '1.2.3',
  licence,
  path: ['@antiphon/mqtt', 'mqtt', name],
})

describe('a licence expression', () => {
  it.each([
    'MIT',
    '(MIT)',
    'MIT OR GPL-3.0-only',
    '(GPL-3.0-only OR (MIT AND ISC))',
    '(Apache-2.0 AND BSD-3-Clause)',
    'GPL-2.0-only AND LGPL-3.0-only OR MIT',
  ])('is allowed: %s', (expression) => expect(isAllowed(expression)).toBe(true))

  it.each([
    '',
    'GPL-3.0-only',
    'MIT AND GPL-3.0-only',
    '(MIT OR ISC) AND GPL-3.0-only',
    'Apache-2.0 WITH LLVM-exception',
    'MIT License',
    'SEE LICENSE IN LICENSE.md',
    'UNLICENSED',
    '(MIT',
    'MIT)',
    'mit',
    'MIT OR',
    'MIT AND',
    'OR MIT',
  ])('is not allowed: "%s"', (expression) => expect(isAllowed(expression)).toBe(false))

  it('is read from former forms of package.json', () => {
    expect(licenceIn({ license: { type: 'MIT' } })).toBe('MIT')
    expect(licenceIn({ licenses: [{ type: 'GPL-3.0-only' }, { type: 'MIT' }] })).toBe('GPL-3.0-only OR MIT')
    expect(licenceIn({})).toBe('')
  })
})

describe('production dependencies', () => {
  it('are found through packages of the workspace and the store, each with its shortest path', async () => {
    const folder = await repository(
      {
        'packages/core': {
          name: '@antiphon/core',
          dependencies: { store: '1' },
          devDependencies: { tool: '1' },
        },
        'packages/mqtt': { name: '@antiphon/mqtt', dependencies: { '@antiphon/core': '1', client: '1' } },
        'packages/bench': { name: '@antiphon/bench', private: true, dependencies: { tool: '1' } },
        'node_modules/.pnpm/client@2/node_modules/client': {
          name: 'client',
          version: '2.0.0',
          license: 'ISC',
          dependencies: { deep: '3' },
        },
        'node_modules/.pnpm/client@2/node_modules/deep': {
          name: 'deep',
          version: '3.0.0',
          license: 'GPL-3.0-only',
        },
        'node_modules/store': { name: 'store', license: 'MIT' },
        'node_modules/tool': { name: 'tool', license: 'GPL-3.0-only' },
      },
      {
        'packages/mqtt/node_modules/@antiphon/core': 'packages/core',
        'packages/mqtt/node_modules/client': 'node_modules/.pnpm/client@2/node_modules/client',
      },
    )
    expect(productionDependencies(publicPackages(folder))).toEqual([
      { name: 'client', version: '2.0.0', licence: 'ISC', path: ['@antiphon/mqtt', 'client'] },
      { name: 'deep', version: '3.0.0', licence: 'GPL-3.0-only', path: ['@antiphon/mqtt', 'client', 'deep'] },
      { name: 'store', version: '1.0.0', licence: 'MIT', path: ['@antiphon/core', 'store'] },
    ])
  })

  it('include installed peer and optional dependencies, and skip missing ones', async () => {
    const folder = await repository({
      'packages/core': {
        name: '@antiphon/core',
        dependencies: { native: '1' },
        optionalDependencies: { native: '1' },
        peerDependencies: { rxjs: '7', absent: '1' },
      },
      'node_modules/rxjs': { name: 'rxjs', license: 'Apache-2.0' },
    })
    expect(productionDependencies(publicPackages(folder)).map(({ name }) => name)).toEqual(['rxjs'])
  })

  it('cannot be read if a dependency is not installed', async () => {
    const folder = await repository({
      'packages/core': { name: '@antiphon/core', dependencies: { absent: '1' } },
    })
    expect(() => productionDependencies(publicPackages(folder))).toThrow(
      'cannot find absent, a dependency of @antiphon/core: run pnpm install',
    )
  })
})

describe('the report on licences', () => {
  it('is empty if every licence is allowed', () => {
    expect(licenceFaults([dependency('one', 'MIT'), dependency('other', 'ISC')])).toEqual([])
  })

  it('names package, version, licence and dependency path', () => {
    const [first, second, advice] = licenceFaults([
      dependency('copyleft', 'GPL-3.0-only'),
      dependency('fine', 'MIT'),
      dependency('silent', ''),
    ])
    expect(first).toBe(
      'copyleft@1.2.3 has the licence "GPL-3.0-only", which is not allowed; it is required by @antiphon/mqtt → mqtt → copyleft',
    )
    expect(second).toBe('silent@1.2.3 states no licence; it is required by @antiphon/mqtt → mqtt → silent')
    expect(advice).toContain('Allowed are 0BSD, Apache-2.0')
  })

  it('counts licences, the most frequent first', () => {
    expect(licenceCounts([dependency('a', 'ISC'), dependency('b', 'MIT'), dependency('c', 'MIT')])).toBe(
      '2 MIT, 1 ISC',
    )
  })
})
