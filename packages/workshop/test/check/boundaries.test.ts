import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { walk } from '../../check/boundaries/cruise.js'
import { rulesFor } from '../../check/boundaries/rules.js'
import { packagesOf } from '../../check/workspace.js'

type Files = Readonly<Record<string, string>>

const published = [
  ...['packet', 'core', 'mqtt', 'broker', 'testing', 'codecs', 'conformance'],
  ...['one-adapter', 'other-adapter'],
]
const unpublished = ['workshop', 'report']
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

// A repository of our layout in a temporary folder, each package with an empty door.
async function repository(files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-boundaries-'))
  folders.push(folder)
  const all: Record<string, string> = { 'node_modules/mqtt/index.js': '', 'node_modules/rxjs/index.js': '' }
  for (const name of [...published, ...unpublished]) {
    all[`packages/${name}/src/index.ts`] = 'export const door = 1\n'
    all[`packages/${name}/src/inner.ts`] = 'export const inner = 1\n'
    all[`packages/${name}/src/internal.ts`] = 'export const shared = 1\n'
    all[`packages/${name}/package.json`] = JSON.stringify({
      name: `@antiphon/${name}`,
      version: '0.0.0',
      private: unpublished.includes(name),
      exports: { '.': './src/index.ts', './internal': './src/internal.ts' },
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

const broken: Readonly<Record<string, Files>> = {
  'no-cycle': {
    'packages/core/src/inner.ts':
      "import { there } from './there.js'\nexport const here = (): number => there()\n",
    'packages/core/src/there.ts':
      "import { here } from './inner.js'\nexport const there = (): number => here()\n",
  },
  'packet-imports-nothing': { 'packages/packet/src/inner.ts': "import { of } from 'rxjs'\nof\n" },
  'packet-importers': { 'packages/codecs/src/inner.ts': "import { door } from '@antiphon/packet'\ndoor\n" },
  'core-on-packet': { 'packages/core/src/inner.ts': "import { door } from '@antiphon/codecs'\ndoor\n" },
  'core-takes-little': { 'packages/core/src/inner.ts': "import { readFile } from 'node:fs'\nreadFile\n" },
  'mqtt-has-one-importer': { 'packages/broker/test/some.test.ts': "import mqtt from 'mqtt'\nmqtt\n" },
  'report-alone-draws': {
    'node_modules/@observablehq/plot/index.js': '',
    'packages/workshop/src/inner.ts': "import * as Plot from '@observablehq/plot'\nPlot\n",
  },
  'report-knows-no-package': {
    'packages/report/src/inner.ts': "import { door } from '@antiphon/core'\ndoor\n",
  },
  'ground-floor-on-core': { 'packages/broker/src/inner.ts': "import { door } from '@antiphon/mqtt'\ndoor\n" },
  'conformance-on-testing': {
    'packages/conformance/src/inner.ts': "import { door } from '@antiphon/mqtt'\ndoor\n",
  },
  'conformance-for-tests': {
    'packages/one-adapter/src/inner.ts': "import { door } from '@antiphon/conformance'\ndoor\n",
  },
  'internal-entries': {
    'packages/core/test/some.test.ts': "import { shared } from '@antiphon/testing/internal'\nshared\n",
  },
  'tests-stay-outside': { 'packages/mqtt/src/inner.ts': "import { door } from '@antiphon/workshop'\ndoor\n" },
  'only-through-the-door': {
    'packages/codecs/test/some.test.ts': "import { inner } from '../../core/src/inner.js'\ninner\n",
  },
  'nobody-imports-examples': {
    'examples/01-some/index.ts': 'export const story = 1\n',
    'packages/workshop/test/some.test.ts':
      "import { story } from '../../../examples/01-some/index.js'\nstory\n",
  },
  'no-development-dependency': { 'packages/codecs/src/inner.ts': "import { of } from 'rxjs'\nof\n" },
  'nothing-unresolved': { 'packages/codecs/src/inner.ts': "import './nowhere.js'\n" },
  'adapters-apart': {
    'packages/one-adapter/src/inner.ts': "import { door } from '@antiphon/other-adapter'\ndoor\n",
  },
}

describe('package boundaries', () => {
  it('let the intended directions pass', async () => {
    const folder = await repository({
      'packages/core/src/inner.ts':
        "import { of } from 'rxjs'\nimport { door } from '@antiphon/packet'\ndoor\nimport type { There } from './there.js'\nexport type Here = There | 1\nof\n",
      'packages/core/src/there.ts': "import type { Here } from './inner.js'\nexport type There = Here[]\n",
      'packages/mqtt/src/inner.ts':
        "import { door } from '@antiphon/core'\nimport mqtt from 'mqtt'\ndoor\nmqtt\n",
      'packages/one-adapter/src/inner.ts': "import { door } from '@antiphon/broker'\ndoor\n",
      'packages/broker/test/some.test.ts':
        "import { door } from '@antiphon/workshop'\nimport { door as suite } from '@antiphon/conformance'\ndoor\nsuite\n",
      'packages/conformance/src/inner.ts':
        "import { door } from '@antiphon/testing'\nimport { shared } from '@antiphon/testing/internal'\ndoor\nshared\n",
      'examples/01-some/index.ts': "import { door } from '@antiphon/one-adapter'\ndoor\n",
    })
    expect((await walk(folder)).trespasses).toEqual([])
  })

  it.each(Object.keys(broken))('see who breaks the rule %s', async (rule) => {
    const folder = await repository(broken[rule] ?? {})
    expect((await walk(folder)).trespasses.map((trespass) => trespass.rule)).toContain(rule)
  })

  it('have an example of each rule being broken', async () => {
    const folder = await repository({})
    const rules = rulesFor(packagesOf(folder), folder).map(({ name }) => name)
    expect(Object.keys(broken).sort()).toEqual([...rules].sort())
  })
})
