import { transformSync } from 'esbuild'

/** Takes the types out of the sources, which are ES modules. */
export default {
  process: (source, path) => ({
    code: transformSync(source, { loader: 'ts', format: 'esm', target: 'node20', sourcefile: path }).code,
  }),
}
