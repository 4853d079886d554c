import { build } from 'esbuild'

/** Programs of which each becomes one file. */
export interface Programs {
  /** The sources, by the names that their bundles get. */
  readonly sources: Readonly<Record<string, string>>
  /** Where the bundles go, as `<name>.mjs`. */
  readonly folder: string
  /** What cannot be in a bundle, and is found from the folder. @defaultValue 'classic-level', which is not JavaScript alone */
  readonly external?: readonly string[]
}

// What is CommonJS inside of a bundle asks for Node's modules by `require`.
const requireOfNode =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

/** Makes one file of each: plain JavaScript without a loader, so that starting it costs what it costs in production. */
export async function bundlePrograms({
  sources,
  folder,
  external = ['classic-level'],
}: Programs): Promise<void> {
  await build({
    entryPoints: { ...sources },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: [...external],
    banner: { js: requireOfNode },
    logLevel: 'warning',
  })
}
