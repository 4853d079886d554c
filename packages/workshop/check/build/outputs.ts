import { join, relative } from 'node:path'

/** Returns the files that the compiler writes to `dist` for a source. */
export function outputsOf(folder: string, source: string): readonly string[] {
  if (!/\.tsx?$/.test(source) || source.endsWith('.d.ts')) return []
  const base = join(folder, 'dist', relative(join(folder, 'src'), source)).replace(/\.tsx?$/, '')
  return ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => base + ending)
}
