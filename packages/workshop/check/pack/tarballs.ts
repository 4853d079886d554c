import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { inCache, type Package } from '../workspace.js'

/** The folder of the tarballs. */
export const tarballs: string = inCache('tarballs')

/** Returns the path of a package's tarball. */
export function tarballOf({ name, manifest }: Package): string {
  return join(tarballs, `${name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`)
}

const blockSize = 512

/** Returns the paths of the files in a compressed tarball, without the program `tar`, which not every machine has. */
export function filesIn(tarball: Uint8Array): readonly string[] {
  const archive = gunzipSync(tarball)
  const field = (at: number, start: number, length: number): string =>
    archive.toString('latin1', at + start, at + start + length).replace(/\0.*$/s, '')
  const files: string[] = []
  // An archive is a sequence of headers, each followed by its file in whole blocks; empty blocks end it.
  for (let at = 0; at < archive.length && archive[at] !== 0;) {
    const [name, size, type, prefix] = [
      field(at, 0, 100),
      field(at, 124, 12),
      field(at, 156, 1),
      field(at, 345, 155),
    ]
    if (type === '' || type === '0') files.push(prefix === '' ? name : `${prefix}/${name}`)
    at += blockSize * (1 + Math.ceil(Number.parseInt(size, 8) / blockSize))
  }
  return files
}
