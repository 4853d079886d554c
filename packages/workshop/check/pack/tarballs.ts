import { join } from 'node:path'
import { inCache, type Package } from '../workspace.js'

/** The folder of the tarballs. */
export const tarballs: string = inCache('tarballs')

/** Returns the path of a package's tarball. */
export function tarballOf({ name, manifest }: Package): string {
  return join(tarballs, `${name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`)
}
