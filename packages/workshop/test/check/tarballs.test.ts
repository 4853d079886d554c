import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { filesIn } from '../../check/pack/tarballs.js'

/** An entry of an archive: its header and its file, each in whole blocks. */
function entry(name: string, content: string, { type = '0', prefix = '' } = {}): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write(content.length.toString(8).padStart(11, '0'), 124)
  header.write(type, 156)
  header.write(prefix, 345)
  const file = Buffer.alloc(Math.ceil(content.length / 512) * 512)
  file.write(content)
  return Buffer.concat([header, file])
}

it('lists the files of a tarball, and no folders', () => {
  const archive = Buffer.concat([
    entry('package/', '', { type: '5' }),
    entry('package/package.json', '{}'),
    entry('long.js', 'x'.repeat(513), { prefix: 'package/dist' }),
    entry('package/empty', ''),
    Buffer.alloc(1024),
  ])
  expect(filesIn(gzipSync(archive))).toEqual([
    'package/package.json',
    'package/dist/long.js',
    'package/empty',
  ])
})
