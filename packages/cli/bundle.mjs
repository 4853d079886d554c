// Bundles the command with its libraries: loading hundreds of modules takes longer than a request (decision 0037). Run by `prepack`.
import { build } from 'esbuild'
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'

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
  // Has a native part; users install it themselves.
  external: ['classic-level'],
  // CommonJS code in a bundle loads the modules of Node by `require`.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
  },
  logLevel: 'warning',
})
