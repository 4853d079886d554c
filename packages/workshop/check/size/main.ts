import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
import { noteMark } from '../step.js'
import { inRoot, packagesOf } from '../workspace.js'
import { budgets } from './budgets.js'

const aliases = Object.fromEntries(
  packagesOf().flatMap(({ entries }) => entries.map(({ specifier, source }) => [specifier, source])),
)
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(2)} kB`
const notes: string[] = []
let isOver = false

for (const { name, imports, without, limit } of budgets) {
  const { outputFiles } = await build({
    stdin: {
      contents: imports.map((specifier) => `export * from '${specifier}'`).join('\n'),
      resolveDir: inRoot('packages', 'core'),
    },
    bundle: true,
    write: false,
    minify: true,
    treeShaking: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    mainFields: ['module', 'main'],
    alias: aliases,
    external: without.flatMap((each) => [each, `${each}/*`]),
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  const size = gzipSync(code, { level: 9 }).length
  const isHeavy = limit !== undefined && size > limit
  isOver ||= isHeavy
  const bound = limit === undefined ? '' : ` of ${kilobytes(limit)}`
  console.log(
    `${isHeavy ? 'too heavy: ' : ''}${name}: ${kilobytes(size)}${bound} gzip, ${kilobytes(code.length)} minified`,
  )
  notes.push(`${kilobytes(size)}${bound}`)
}
console.log(`${noteMark}${notes.join(' · ')}`)
process.exitCode = isOver ? 1 : 0
