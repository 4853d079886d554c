import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { inRoot } from '../../check/workspace.js'

// The program is plain JavaScript without declarations, because it runs before dependencies are installed.
const { isInRange, nodeFault } = (await import(inRoot('packages', 'workshop', 'bin', 'node-range.mjs'))) as {
  readonly isInRange: (version: string, range: string) => boolean
  readonly nodeFault: (version: string, range: string) => string | undefined
}
const range = '^20.19.0 || >=22.12.0'

describe('the range of supported Node versions', () => {
  it.each(['20.19.0', '20.19.6', '20.20.2', '22.12.0', '22.23.3', '23.0.0', '24.21.0', '100.0.0'])(
    'supports Node %s',
    (version) => expect(isInRange(version, range)).toBe(true),
  )

  it.each(['16.20.2', '18.20.8', '20.0.0', '20.18.3', '21.7.3', '22.11.0', '22.2.0'])(
    'does not support Node %s',
    (version) => expect(isInRange(version, range)).toBe(false),
  )

  it('rejects a range that it cannot read', () => {
    expect(() => isInRange('20.19.0', '>20 <24')).toThrow('cannot read engines.node ">20 <24"')
  })

  it('returns a message with the running and the supported versions', () => {
    expect(nodeFault('18.20.8', range)).toBe(
      'Node 18.20.8 is not supported: Antiphon needs Node ^20.19.0 || >=22.12.0. Install a supported release, for example the latest LTS.',
    )
    expect(nodeFault('20.19.0', range)).toBeUndefined()
  })
})

it('stops npm start on an unsupported Node before installing dependencies', () => {
  const fakeVersion = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } })`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(fakeVersion)}`],
      inRoot('packages', 'workshop', 'bin', 'start.mjs'),
    ],
    { encoding: 'utf8' },
  )
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('Node 20.18.3 is not supported') as string,
  })
})
