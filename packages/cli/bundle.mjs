// Bundles the command with its libraries: loading hundreds of modules takes longer than a request (decision 0037). Run by `prepack`.
import { build } from 'esbuild'
import { realpathSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const folder = process.argv[2] ?? 'dist'
const require = createRequire(import.meta.url)

/** Takes the ES modules of rxjs and fp-ts, of which the bundle then contains only what it uses. */
const esModules = {
  name: 'es-modules',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^rxjs$/ }, () => ({
      path: realpathSync(require.resolve('rxjs')).replace(/cjs[\\/]index\.js$/, 'esm/index.js'),
      sideEffects: false,
    }))
    bundler.onResolve({ filter: /^fp-ts\/lib\// }, ({ path, kind, resolveDir }) =>
      bundler.resolve(path.replace('/lib/', '/es6/'), { kind, resolveDir }),
    )
  },
}

// The names of chunks change with their content: those of an earlier build would be packed as well.
rmSync(resolve(import.meta.dirname, folder, 'bundle'), { recursive: true, force: true })
await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: { antiphon: 'src/main.ts' },
  outdir: folder,
  chunkNames: 'bundle/[name]-[hash]',
  bundle: true,
  splitting: true,
  minifySyntax: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  plugins: [esModules],
  // Optional: one has a native part, the other is for `contract generate` alone. Users install them themselves.
  external: ['classic-level', 'json-schema-to-typescript'],
  // CommonJS code in a bundle loads the modules of Node by `require`.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
  },
  logLevel: 'warning',
})
