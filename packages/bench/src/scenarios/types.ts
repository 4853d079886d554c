import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { antiphon, byHand } from '../names.js'
import { benchPath, cachePath, rootPath } from '../processes/paths.js'
import { scenario, type AnyScenario } from '../scenario.js'

const count = 500

/** Measures the time of the type checker for a project with many endpoints. */
export function types(): AnyScenario {
  return scenario<string>({
    section: 'Size and types',
    about: 'The size of the bundle, and the time of the type checker.',
    contestants: [antiphon, byHand],
    start: async (name) =>
      name === antiphon ? project('antiphon', withAntiphon) : project('by-hand', withTypesAlone),
    stop: async () => undefined,
    rows: [
      {
        title: `type-check of a project with ${count} endpoints; Map: their io-ts types only`,
        facts: { kind: 'types' },
        seconds: 5,
        measure: async (folder) => ({ milliseconds: check(folder) }),
      },
    ],
  })
}

/** Returns source code that uses an endpoint as requester and responder. */
function withAntiphon(index: number): string {
  return `
const endpoint${index} = endpoint({
  topic: 'site/{site}/device${index}/{part}',
  request: json(t.type({ id: t.number, name${index}: t.string, tags: t.array(t.string) })),
  response: json(t.type({ id: t.number, value${index}: t.union([t.number, t.null]) })),
})
requests$(link, endpoint${index}).pipe(serve(({ value, params }) => of({ id: value.id + params.site.length, value${index}: value.name${index}.length }))).subscribe()
export const response${index}: Promise<number | null> = request(link, endpoint${index}, {
  params: { site: 'a', part: 'b' },
  value: { id: ${index}, name${index}: 'n', tags: [] },
}).then((response) => response.value${index})
`
}

/** Returns source code with the same contract and the same use of its types, over declared functions. */
function withTypesAlone(index: number): string {
  return `
const Request${index} = t.type({ id: t.number, name${index}: t.string, tags: t.array(t.string) })
const Response${index} = t.type({ id: t.number, value${index}: t.union([t.number, t.null]) })
type Request${index} = t.TypeOf<typeof Request${index}>
type Response${index} = t.TypeOf<typeof Response${index}>
declare function sendRequest${index}(site: string, part: string, value: Request${index}): Promise<Response${index}>
export const serve${index} = (site: string, value: Request${index}): Response${index} => ({ id: value.id + site.length, value${index}: value.name${index}.length })
export const response${index}: Promise<number | null> = sendRequest${index}('a', 'b', { id: ${index}, name${index}: 'n', tags: [] }).then((response) => response.value${index})
`
}

const heads = {
  antiphon: `import { endpoint, json, request, requests$, serve, type Link } from '@antiphon/core'
import * as t from 'io-ts'
import { of } from 'rxjs'
declare const link: Link
`,
  'by-hand': `import * as t from 'io-ts'\n`,
} as const

function project(name: keyof typeof heads, endpointOf: (index: number) => string): string {
  const folder = cachePath('types', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  // Ten files of fifty endpoints, as in a real project.
  for (let file = 0; file < 10; file += 1) {
    const all = Array.from({ length: count / 10 }, (_, index) => endpointOf((file * count) / 10 + index))
    writeFileSync(join(folder, `part${file}.ts`), heads[name] + all.join(''))
  }
  symlinkSync(benchPath('node_modules'), join(folder, 'node_modules'))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'ES2022',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    types: [],
    // Users get declarations, not sources.
    paths: { '@antiphon/core': [declarations()] },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  return folder
}

const tsc = rootPath('node_modules', 'typescript', 'lib', 'tsc.js')

function declarations(): string {
  const file = rootPath('packages', 'core', 'dist', 'index.d.ts')
  const built = spawnSync(process.execPath, [tsc, '-b', rootPath('packages', 'core', 'tsconfig.json')])
  if (built.status !== 0 || !existsSync(file)) throw new Error('cannot build packages/core')
  return file
}

/** Returns the total time that tsc reports, in milliseconds. */
function check(folder: string): number {
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--extendedDiagnostics'], {
    encoding: 'utf8',
  })
  const [error] = stdout.split('\n').filter((line) => line.includes('error TS'))
  if (error !== undefined) throw new Error(error.slice(error.indexOf('error TS')))
  return Number(/Total time:\s+([\d.]+)s/.exec(stdout)?.[1] ?? NaN) * 1_000
}
