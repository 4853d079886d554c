import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tierFaults } from '../../check/tests/tier-faults.js'
import { optionsOf, tierOf } from '../../check/tests/tiers.js'
import { inRoot, root } from '../../check/workspace.js'

/** The file that tests `describeForeign` itself. */
const exempt = 'packages/workshop/test/foreign.test.ts'

const testFolders = ['packages', 'examples'].flatMap((parent) =>
  readdirSync(inRoot(parent)).map((name) => inRoot(parent, name, 'test')),
)
const filesIn = (folder: string): readonly string[] => {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}

describe('the tier of a test file', () => {
  it('is given by its name', () => {
    expect(tierOf('packages/core/test/request.test.ts')).toBe('check')
    expect(tierOf('packages/mqtt/test/tls.interop.test.ts')).toBe('interop')
    expect(tierOf('packages/mqtt/test/week.nightly.test.ts')).toBe('nightly')
  })

  it('is interop exactly for the files that use foreign programs', () => {
    const sources = Object.fromEntries(
      testFolders
        .flatMap(filesIn)
        .map((file) => [relative(root, file), readFileSync(file, 'utf8')] as const)
        .filter(([path]) => path !== exempt),
    )
    expect(Object.keys(sources).length).toBeGreaterThan(200)
    expect(tierFaults(sources)).toEqual([])
  })
})

describe('tierFaults', () => {
  const foreign = "import { describeForeign, startMosquitto } from '@antiphon/workshop'"

  it('reports a check file that uses foreign programs, directly or in a helper', () => {
    const sources = {
      'a/test/mosquitto.ts': "import {\n  startMosquitto,\n} from '@antiphon/workshop'",
      'a/test/one.test.ts': foreign,
      'a/test/deep/two.test.ts': "import { setUp } from '../mosquitto.js'",
      'a/test/three.test.ts': "import { freePort } from '@antiphon/workshop'",
    }
    expect(tierFaults(sources)).toEqual([
      'a/test/one.test.ts imports describeForeign, startMosquitto: name it *.interop.test.ts',
      'a/test/deep/two.test.ts imports startMosquitto: name it *.interop.test.ts',
    ])
  })

  it('reports an interop file without foreign programs, and a nightly file that does not declare its programs', () => {
    const sources = {
      'a/test/one.interop.test.ts': "import { it } from 'vitest'",
      'a/test/two.interop.test.ts': foreign,
      'a/test/three.nightly.test.ts': "import { startMosquitto } from '@antiphon/workshop'",
      'a/test/four.nightly.test.ts': foreign,
    }
    expect(tierFaults(sources)).toEqual([
      'a/test/one.interop.test.ts has no describeForeign: name it *.test.ts',
      'a/test/three.nightly.test.ts imports startMosquitto: name the programs with describeForeign',
    ])
  })

  it('reports a file name with an unknown tier', () => {
    expect(tierFaults({ 'a/test/one.introp.test.ts': '' })).toEqual([
      'a/test/one.introp.test.ts: the name has no valid tier',
    ])
  })
})

describe('optionsOf', () => {
  it('uses half of the cores for a tier of the check', () => {
    expect(optionsOf('interop', 8)).toEqual(['--project=interop', '--maxWorkers=4'])
    expect(optionsOf('check', 1)).toEqual(['--project=check', '--maxWorkers=1', '--passWithNoTests=false'])
  })

  it('includes the other tiers and uses all cores for a nightly run', () => {
    expect(optionsOf('nightly', 2)).toEqual([
      '--project=check',
      '--project=interop',
      '--project=nightly',
      '--maxWorkers=2',
    ])
  })
})
