import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readArguments } from '../../check/mutants/arguments.js'
import { mergeBaseline, pageOf } from '../../check/mutants/baseline.js'
import { countByFolder, scoreOf, survivorsIn, type MutationReport } from '../../check/mutants/counts.js'
import { belowFloor } from '../../check/mutants/floors.js'
import { folderOf, select, wholeFolders } from '../../check/mutants/selection.js'
import { readSettings } from '../../check/mutants/settings.js'
import { textTable } from '../../check/mutants/table.js'
import { copyWorkspace } from '../../check/mutants/workspace-copy.js'
import { inRoot } from '../../check/workspace.js'

const sources = [
  'packages/core/src/index.ts',
  'packages/core/src/link/connector.ts',
  'packages/core/src/link/fatal.ts',
  'packages/mqtt/src/encode.ts',
]
const [index = '', connector = '', fatal = '', encode = ''] = sources

const mutant = (status: string, line = 1) => ({
  status,
  mutatorName: 'BooleanLiteral',
  replacement: 'false',
  location: { start: { line, column: 3 } },
})
const report: MutationReport = {
  files: {
    [connector]: {
      mutants: ['Killed', 'Timeout', 'Survived', 'NoCoverage'].map((status, at) => mutant(status, at)),
    },
    [fatal]: { mutants: ['Killed', 'Ignored', 'RuntimeError'].map((status) => mutant(status)) },
    [encode]: { mutants: [mutant('Survived')] },
  },
}

describe('the arguments of `pnpm mutants`', () => {
  it('select all sources by default', () => {
    expect(readArguments([])).toEqual({ paths: [], isSaving: false, isFresh: false, concurrency: undefined })
  })

  it('accepts paths between the options', () => {
    expect(readArguments([connector, '--save', '--concurrency', '2', '--force', fatal])).toEqual({
      paths: [connector, fatal],
      isSaving: true,
      isFresh: true,
      concurrency: 2,
    })
  })

  it.each(['0', '1.5', 'many'])('rejects a concurrency of %s', (text) => {
    expect(() => readArguments(['--concurrency', text])).toThrow(`--concurrency is ${text}: it must be`)
  })

  it('rejects an unknown option', () => {
    expect(() => readArguments(['--saev'])).toThrow('--saev')
  })
})

describe('the selection of sources to mutate', () => {
  it('returns all sources by package without a path', () => {
    expect(select(sources, [])).toEqual([
      { name: 'core', files: [index, connector, fatal] },
      { name: 'mqtt', files: [encode] },
    ])
  })

  it('returns each file of the given files and folders once', () => {
    expect(select(sources, ['./packages/core/src/link/', connector])).toEqual([
      { name: 'core', files: [connector, fatal] },
    ])
  })

  it('rejects a path that is not a source', () => {
    expect(() => select(sources, [connector, 'packages/core/src/lin'])).toThrow(
      'cannot mutate packages/core/src/lin: it is not a source file or folder',
    )
  })

  it('counts a file in the first folder below `src`', () => {
    expect(folderOf('packages/core/src/index.ts')).toBe('core')
    expect(folderOf('packages/core/src/link/connector.ts')).toBe('core/link')
    expect(folderOf('packages/core/src/link/deep/er.ts')).toBe('core/link')
  })

  it('distinguishes folders that are mutated whole from folders mutated in part', () => {
    expect([...wholeFolders(sources, [index, connector])]).toEqual(['core'])
    expect([...wholeFolders(sources, sources)]).toEqual(['core', 'core/link', 'mqtt'])
  })
})

describe('the counts of mutants', () => {
  it('count timeouts as killed, and leave out mutants that did not run', () => {
    expect(countByFolder(report, [connector, fatal])).toEqual({
      'core/link': { killed: 3, survived: 1, noCoverage: 1 },
    })
  })

  it('give the percentage of killed mutants, including mutants without coverage', () => {
    expect(scoreOf({ killed: 3, survived: 1, noCoverage: 0 })).toBe(75)
    expect(scoreOf({ killed: 3, survived: 0, noCoverage: 1 })).toBe(75)
    expect(scoreOf({ killed: 0, survived: 0, noCoverage: 0 })).toBeUndefined()
  })

  it('list survivors with file, line and column', () => {
    expect(survivorsIn(report, [connector, fatal])).toEqual([
      `${connector}:2:3  BooleanLiteral: false`,
      `${connector}:3:3  BooleanLiteral: false (no coverage)`,
    ])
  })
})

describe('the floors of mutation testing', () => {
  const counts = { 'core/link': { killed: 89, survived: 11, noCoverage: 0 } }

  it('report a folder below its floor', () => {
    expect(belowFloor(counts, { 'core/link': 90 }, new Set(['core/link']))).toEqual([
      'core/link: tests kill 89.0 % of the mutants, the floor is 90 %',
    ])
  })

  it('accept a folder at its floor, and folders without a floor', () => {
    expect(belowFloor(counts, { 'core/link': 89 }, new Set(['core/link']))).toEqual([])
    expect(belowFloor(counts, {}, new Set(['core/link']))).toEqual([])
  })

  it('do not apply to a folder that was mutated in part', () => {
    expect(belowFloor(counts, { 'core/link': 90 }, new Set())).toEqual([])
  })

  it('are only configured for existing packages', () => {
    const { packages, floors } = readSettings()
    const names = Object.keys(packages)
    for (const folder of Object.keys(floors)) expect(names).toContain(folder.split('/')[0])
  })
})

describe('the tests that are named in the settings', () => {
  it('exist', () => {
    const named = Object.values(readSettings().packages).flatMap(({ tests, leaveOut }) => [
      ...tests,
      ...leaveOut,
    ])
    const files = named.filter((file) => !file.includes('*'))
    expect(files.filter((file) => !existsSync(inRoot(file)))).toEqual([])
  })
})

describe('the faults of decision 0010', () => {
  /** Returns what the titles in a test file match; a contract suite takes them from its cases. */
  const titlesIn = (file: string): readonly RegExp[] => {
    const isContract = file.startsWith('conformance/test/contract/')
    const folder = inRoot('packages', 'conformance', 'src', 'contract')
    const sources = isContract
      ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.ts'))
          .map((name) => join(folder, name))
      : [inRoot('packages', `${file}.test.ts`)]
    return sources
      .flatMap((source) => [...readFileSync(source, 'utf8').matchAll(/(['`])((?:\\.|(?!\1)[^\n])+)\1/g)])
      .map(([, , literal = '']) => literal.replaceAll("\\'", "'").replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .map((literal) => new RegExp(`^${literal.replace(/%[dsijo]|\\\$\\\{.*?\\\}/g, '.+')}$`))
  }

  it('are each detected by a test that exists', () => {
    const page = readFileSync(inRoot('docs', 'decisions', '0010-mutation-testing.md'), 'utf8')
    const rows = [...page.matchAll(/^\| .+? +\| `(\S+)` +\| (.+?) +\|$/gm)]
    expect(rows).toHaveLength(61)
    const missing = rows.filter(
      ([, file = '', title = '']) => !titlesIn(file).some((pattern) => pattern.test(title)),
    )
    expect(missing.map(([row]) => row)).toEqual([])
  })
})

describe('the baseline of mutation testing', () => {
  const row = (killed: number) => ({ killed, survived: 1, noCoverage: 0 })

  it('replaces folders that were mutated whole, keeps the others and removes folders that no longer exist', () => {
    const saved = { core: row(1), 'core/gone': row(1), mqtt: row(1) }
    const counts = { core: row(5), 'core/link': row(5), mqtt: row(5) }
    const folders = {
      whole: new Set(['core', 'core/link']),
      existing: new Set(['core', 'core/link', 'mqtt']),
    }
    expect(mergeBaseline(saved, counts, folders)).toEqual({ core: row(5), 'core/link': row(5), mqtt: row(1) })
  })

  it('leaves out folders without mutants', () => {
    const none = { killed: 0, survived: 0, noCoverage: 0 }
    const folders = { whole: new Set(['core/entry']), existing: new Set(['core', 'core/entry']) }
    expect(mergeBaseline({ core: row(1), 'core/entry': row(1) }, { 'core/entry': none }, folders)).toEqual({
      core: row(1),
    })
  })

  it('has a page with one line per folder and the total', () => {
    const page = pageOf({ core: row(3), 'core/link': row(9) })
    expect(page).toContain(
      '| core | 3 | 1 | 0 | 75.0 % |\n| core/link | 9 | 1 | 0 | 90.0 % |\n| total | 12 | 2 | 0 | 85.7 % |',
    )
    expect(page).toContain('pnpm mutants --save')
  })
})

describe('the table of `pnpm mutants`', () => {
  it('aligns columns and shows the saved score beside the new score', () => {
    const counts = { 'core/link': { killed: 9, survived: 1, noCoverage: 0 } }
    const saved = { 'core/link': { killed: 8, survived: 2, noCoverage: 0 } }
    expect(textTable(counts, saved)).toBe(
      '  folder     killed  survived  no coverage   score   saved\n' +
        '  core/link       9         1            0  90.0 %  80.0 %\n',
    )
  })

  it('shows – for a folder without a saved score', () => {
    expect(textTable({ core: { killed: 1, survived: 0, noCoverage: 0 } }, {})).toContain('100.0 %      –\n')
  })
})

describe('the copy of the workspace', () => {
  it('links its packages to each other, not to the originals', async () => {
    const copy = await realpath(await mkdtemp(join(tmpdir(), 'antiphon-mutants-')))
    try {
      await copyWorkspace(copy)
      const core = join(copy, 'packages', 'core')
      expect(await realpath(join(copy, 'packages', 'testing', 'node_modules', '@antiphon', 'core'))).toBe(
        core,
      )
      const source = 'packages/core/src/index.ts'
      const before = await readFile(inRoot(source), 'utf8')
      await writeFile(join(copy, source), '')
      expect(await readFile(inRoot(source), 'utf8')).toBe(before)
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  })
})
