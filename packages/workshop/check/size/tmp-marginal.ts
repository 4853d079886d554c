import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
import { budgets } from './budgets.js'
import { inRoot, packagesOf } from '../workspace.js'
const b = budgets[+process.argv[2]!]!
const { outputFiles } = await build({
  stdin: { contents: b.imports.map((s) => `export * from '${s}'`).join('\n'), resolveDir: inRoot() },
  absWorkingDir: inRoot(), bundle: true, write: false, minifyIdentifiers: true, minifySyntax: true, format: 'esm', platform: 'browser', target: 'es2022', mainFields: ['module','main'],
  alias: Object.fromEntries(packagesOf().flatMap(({ entries }) => entries.map(({ specifier, source }) => [specifier, source]))),
  ...(b.isConfigured && { conditions: ['es2015', 'module'], plugins: [{ name: 'x', setup: (bu: any) => { bu.onResolve({ filter: /^fp-ts\/lib\// }, ({ path, kind, resolveDir }: any) => bu.resolve(path.replace('/lib/', '/es6/'), { kind, resolveDir })) } }] }),
  external: b.external.flatMap((n) => [n, `${n}/*`]),
})
const text = outputFiles[0]!.text.replace(/^ +/gm, '')
const parts: [string, string][] = []
let cur = ['head', ''] as [string, string]
for (const line of text.split('\n')) {
  const m = /^\/\/ (\S+\.[jt]s)$/.exec(line) ?? /^\/\/ (\S+\.mjs)$/.exec(line)
  if (m) { parts.push(cur); cur = [m[1]!.replace(/.*node_modules\//, ''), ''] } else cur[1] += line + '\n'
}
parts.push(cur)
const size = (ps: [string, string][]) => gzipSync(ps.map(([, t]) => t).join(''), { level: 9 }).length
const whole = size(parts)
console.log('whole', whole)
const rows = parts.map(([f], i) => [f, whole - size(parts.filter((_, j) => j !== i))] as const).sort((a, b) => b[1] - a[1])
for (const [f, n] of rows) console.log(String(n).padStart(6), f)
const groups = new Map<string, [string, string][]>()
const folder = (f: string) => f.replace(/\/[^/]+$/, '')
for (const f of new Set(parts.map(([f]) => folder(f)))) console.log('group', String(whole - size(parts.filter(([g]) => folder(g) !== f))).padStart(6), f)
