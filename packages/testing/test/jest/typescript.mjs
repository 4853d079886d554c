import { transformSync } from 'esbuild'

/** Strips the types from the sources, which are ES modules. */
export default {
  process: (source, path) => ({
    code: transformSync(source, { loader: 'ts', format: 'esm', target: 'node20', sourcefile: path }).code,
  }),
}
