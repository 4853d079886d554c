import { build } from 'esbuild'

/** Programs to bundle, each into one file. */
export interface BundleOptions {
  /** The sources, by the names of their bundles. */
  readonly sources: Readonly<Record<string, string>>
  /** The folder of the bundles, which are named `<name>.mjs`. */
  readonly folder: string
  /**
   * Packages that are not bundled and are resolved from the folder.
   *
   * @defaultValue `['classic-level']`, which has a native part
   */
  readonly external?: readonly string[]
}

// CommonJS code in a bundle loads Node's modules by `require`.
const requireOfNode =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

/** Bundles each program into one file of plain JavaScript, so that it starts as fast as in production. */
export async function bundlePrograms({
  sources,
  folder,
  external = ['classic-level'],
}: BundleOptions): Promise<void> {
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
