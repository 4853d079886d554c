import { build, type Plugin } from 'esbuild'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { inRoot, packagesOf } from '../workspace.js'
import type { Budget } from './budgets.js'

/** The size of a bundle in bytes. */
export interface BundleSize {
  readonly gzip: number
  readonly brotli: number
  readonly minified: number
  /** The minified bytes of each folder in the bundle, the largest first. */
  readonly folders: readonly (readonly [name: string, bytes: number])[]
}

/** Bundles packages for browsers, minified, and returns the size. */
export async function measureSize({
  imports,
  external,
  isConfigured = false,
}: Pick<Budget, 'imports' | 'external' | 'isConfigured'>): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: imports.map((specifier) => `export * from '${specifier}'`).join('\n'),
      resolveDir: inRoot(),
    },
    absWorkingDir: inRoot(),
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    mainFields: ['module', 'main'],
    alias: Object.fromEntries(
      packagesOf().flatMap(({ entries }) => entries.map(({ specifier, source }) => [specifier, source])),
    ),
    ...(isConfigured && { conditions: ['es2015', 'module'], plugins: [esModulesOfFpTs] }),
    external: external.flatMap((name) => [name, `${name}/*`]),
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  const folders = new Map<string, number>()
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = folderOf(file)
      folders.set(folder, (folders.get(folder) ?? 0) + bytesInOutput)
    }
  }
  return {
    gzip: gzipSync(code, { level: 9 }).length,
    brotli: brotliCompressSync(code).length,
    minified: code.length,
    folders: [...folders].sort(([, a], [, b]) => b - a),
  }
}

const esModulesOfFpTs: Plugin = {
  name: 'es-modules-of-fp-ts',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^fp-ts\/lib\// }, ({ path, kind, resolveDir }) =>
      bundler.resolve(path.replace('/lib/', '/es6/'), { kind, resolveDir }),
    )
  },
}

// Returns `packages/core/src/link`, or the npm package of a file.
function folderOf(file: string): string {
  const foreign = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]
  return foreign ?? /^packages\/[^/]+\/src(\/[^/]+(?=\/))?/.exec(file)?.[0] ?? file
}
