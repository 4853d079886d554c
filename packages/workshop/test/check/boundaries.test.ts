import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { checkImports } from '../../check/boundaries/check-imports.js'
import { folderCycles, type Imports } from '../../check/boundaries/folder-cycles.js'
import { rulesFor } from '../../check/boundaries/rules.js'
import { packagesOf } from '../../check/workspace.js'

type Files = Readonly<Record<string, string>>

const published = [
  ...['packet', 'core', 'mqtt', 'broker', 'testing', 'codecs', 'conformance'],
  ...['one-adapter', 'other-adapter', 'nestjs'],
]
const unpublished = ['workshop', 'report']
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

// Creates a repository with our layout in a temporary folder, each package with a minimal entry point.
async function repository(files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-boundaries-'))
  folders.push(folder)
  const all: Record<string, string> = { 'node_modules/mqtt/index.js': '', 'node_modules/rxjs/index.js': '' }
  for (const name of [...published, ...unpublished]) {
    all[`packages/${name}/src/index.ts`] = 'export const entry = 1\n'
    all[`packages/${name}/src/inner.ts`] = 'export const inner = 1\n'
    all[`packages/${name}/src/internal.ts`] = 'export const shared = 1\n'
    all[`packages/${name}/src/entry/engine.ts`] = 'export const engine = 1\n'
    all[`packages/${name}/package.json`] = JSON.stringify({
      name: `@antiphon/${name}`,
      version: '0.0.0',
      private: unpublished.includes(name),
      exports: {
        '.': './src/index.ts',
        './engine': './src/entry/engine.ts',
        './internal': './src/internal.ts',
      },
      dependencies: name === 'core' ? {} : { '@antiphon/core': '*', mqtt: '*' },
      devDependencies: { rxjs: '*' },
      peerDependencies: name === 'core' ? { rxjs: '*' } : {},
    })
  }
  for (const [path, text] of Object.entries({ ...all, ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await mkdir(join(folder, 'node_modules/@antiphon'), { recursive: true })
  for (const name of [...published, ...unpublished]) {
    await symlink(join(folder, 'packages', name), join(folder, 'node_modules/@antiphon', name))
  }
  return folder
}

const violations: Readonly<Record<string, Files>> = {
  'no-folder-cycle': {
    'packages/core/src/link/here.ts': "import type { Two } from '../time/two.js'\nexport type Here = Two[]\n",
    'packages/core/src/link/there.ts': 'export type There = string\n',
    'packages/core/src/time/one.ts':
      "import type { There } from '../link/there.js'\nexport type One = There[]\n",
    'packages/core/src/time/two.ts': 'export type Two = string\n',
  },
  'no-cycle': {
    'packages/core/src/inner.ts':
      "import { there } from './there.js'\nexport const here = (): number => there()\n",
    'packages/core/src/there.ts':
      "import { here } from './inner.js'\nexport const there = (): number => here()\n",
  },
  'packet-imports-nothing': { 'packages/packet/src/inner.ts': "import { of } from 'rxjs'\nof\n" },
  'packet-importers': { 'packages/codecs/src/inner.ts': "import { entry } from '@antiphon/packet'\nentry\n" },
  'core-imports-packet-only': {
    'packages/core/src/inner.ts': "import { entry } from '@antiphon/codecs'\nentry\n",
  },
  'core-imports-few-libraries': {
    'packages/core/src/inner.ts': "import { readFile } from 'node:fs'\nreadFile\n",
  },
  'mqtt-js-only-in-mqtt': { 'packages/broker/test/some.test.ts': "import mqtt from 'mqtt'\nmqtt\n" },
  'web-link-without-mqtt-js': {
    'packages/mqtt/src/inner.ts': "import mqtt from 'mqtt'\nexport const inner = mqtt\n",
    'packages/mqtt/src/web/link.ts': "import { inner } from '../inner.js'\ninner\n",
  },
  'nest-wire-without-nest': {
    'node_modules/@nestjs/common/index.js': '',
    'packages/nestjs/src/inner.ts': "import nest from '@nestjs/common'\nexport const inner = nest\n",
    'packages/nestjs/src/wire/index.ts': "import { inner } from '../inner.js'\ninner\n",
  },
  'charts-only-in-report': {
    'node_modules/@observablehq/plot/index.js': '',
    'packages/workshop/src/inner.ts': "import * as Plot from '@observablehq/plot'\nPlot\n",
  },
  'report-imports-no-package': {
    'packages/report/src/inner.ts': "import { entry } from '@antiphon/core'\nentry\n",
  },
  'siblings-import-core-only': {
    'packages/broker/src/inner.ts': "import { entry } from '@antiphon/mqtt'\nentry\n",
  },
  'testing-imports-engine': {
    'packages/testing/src/inner.ts': "import { entry } from '@antiphon/broker'\nentry\n",
  },
  'conformance-imports-testing': {
    'packages/conformance/src/inner.ts': "import { entry } from '@antiphon/mqtt'\nentry\n",
  },
  'conformance-only-in-tests': {
    'packages/one-adapter/src/inner.ts': "import { entry } from '@antiphon/conformance'\nentry\n",
  },
  'internal-entries': {
    'packages/core/test/some.test.ts': "import { shared } from '@antiphon/testing/internal'\nshared\n",
  },
  'published-imports-published': {
    'packages/mqtt/src/inner.ts': "import { entry } from '@antiphon/workshop'\nentry\n",
  },
  'entry-points-only': {
    'packages/codecs/test/some.test.ts': "import { inner } from '../../core/src/inner.js'\ninner\n",
  },
  'no-import-of-examples': {
    'examples/01-some/index.ts': 'export const story = 1\n',
    'packages/workshop/test/some.test.ts':
      "import { story } from '../../../examples/01-some/index.js'\nstory\n",
  },
  'no-development-dependency': { 'packages/codecs/src/inner.ts': "import { of } from 'rxjs'\nof\n" },
  'no-unresolved-import': { 'packages/codecs/src/inner.ts': "import './nowhere.js'\n" },
  'no-import-between-adapters': {
    'packages/one-adapter/src/inner.ts': "import { entry } from '@antiphon/other-adapter'\nentry\n",
  },
}

describe('the boundaries between packages', () => {
  it('allow the intended imports', async () => {
    const folder = await repository({
      'packages/core/src/inner.ts':
        "import { of } from 'rxjs'\nimport { door } from '@antiphon/packet'\ndoor\nof\n",
      'packages/core/src/link/here.ts':
        "import type { There } from './there.js'\nexport type Here = There | 1\n",
      'packages/core/src/link/there.ts':
        "import type { Here } from './here.js'\nexport type There = Here[]\n",
      'packages/mqtt/src/inner.ts':
        "import { entry } from '@antiphon/core'\nimport mqtt from 'mqtt'\nentry\nmqtt\n",
      'packages/testing/src/inner.ts': "import { engine } from '@antiphon/broker/engine'\nengine\n",
      'packages/one-adapter/src/inner.ts': "import { entry } from '@antiphon/broker'\nentry\n",
      'packages/broker/test/some.test.ts':
        "import { entry } from '@antiphon/workshop'\nimport { entry as suite } from '@antiphon/conformance'\nentry\nsuite\n",
      'packages/conformance/src/inner.ts':
        "import { entry } from '@antiphon/testing'\nimport { shared } from '@antiphon/testing/internal'\nentry\nshared\n",
      'examples/01-some/index.ts': "import { entry } from '@antiphon/one-adapter'\nentry\n",
    })
    expect((await checkImports(folder)).violations).toEqual([])
  })

  it.each(Object.keys(violations))('report a violation of the rule %s', async (rule) => {
    const folder = await repository(violations[rule] ?? {})
    expect((await checkImports(folder)).violations.map((violation) => violation.rule)).toContain(rule)
  })

  it('have a test for every rule', async () => {
    const folder = await repository({})
    const rules = rulesFor(packagesOf(folder), folder).map(({ name }) => name)
    expect(Object.keys(violations).sort()).toEqual(['no-folder-cycle', ...rules].sort())
  })
})

describe('folderCycles', () => {
  const source = (path: string): string => `packages/core/src/${path}`
  const imports = (from: string, ...to: readonly string[]): Imports => ({
    from: source(from),
    to: to.map(source),
  })

  it('lists the imports that tie the shortest cycle, once', () => {
    const modules = [
      imports('a/one.ts', 'b/one.ts'),
      imports('b/two.ts', 'c/one.ts'),
      imports('c/one.ts', 'a/two.ts'),
      imports('c/two.ts', 'd/one.ts'),
    ]
    expect(folderCycles(modules)).toEqual([
      [
        { from: source('a/one.ts'), to: source('b/one.ts') },
        { from: source('b/two.ts'), to: source('c/one.ts') },
        { from: source('c/one.ts'), to: source('a/two.ts') },
      ],
    ])
  })

  it('treats each file directly in src as a folder of its own', () => {
    const layers = [imports('index.ts', 'link/one.ts'), imports('link/one.ts', 'errors.ts')]
    expect(folderCycles(layers)).toEqual([])
    expect(folderCycles([...layers, imports('errors.ts', 'link/two.ts')])).toHaveLength(1)
  })

  it('ignores cycles inside a folder, in tests and between packages', () => {
    expect(
      folderCycles([
        imports('link/one.ts', 'link/two.ts'),
        imports('link/two.ts', 'link/one.ts'),
        { from: 'packages/core/test/a/one.ts', to: ['packages/core/test/b/one.ts'] },
        { from: 'packages/core/test/b/one.ts', to: ['packages/core/test/a/one.ts'] },
      ]),
    ).toEqual([])
  })
})
