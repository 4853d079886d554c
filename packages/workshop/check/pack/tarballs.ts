import { join } from 'node:path'
import { inCache, type Package } from '../workspace.js'

/** Where the packed packages lie. */
export const tarballs: string = inCache('tarballs')

/** The file of a packed package. */
export function tarballOf({ name, manifest }: Package): string {
  return join(tarballs, `${name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`)
}
