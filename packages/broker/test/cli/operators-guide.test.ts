import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { parseAcl } from '../../src/access/acl-file.js'
import { optionNames } from '../../src/cli/arguments.js'
import { configFaults } from '../../src/cli/config-faults.js'

const page = readFileSync(new URL('../../../../docs/guide/operate-the-broker.md', import.meta.url), 'utf8')

/** Returns the code blocks of a language. */
function blocks(language: string): string[] {
  const found = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, name]) => name === language)
  expect(found).not.toEqual([])
  return found.map(([, , code = '']) => code)
}

describe('the guide for operators', () => {
  it('shows config files without faults', () => {
    expect(blocks('toml').map((code) => configFaults(parse(code)))).toEqual(blocks('toml').map(() => []))
  })

  it('shows an ACL file without faults', () => {
    for (const code of blocks('acl')) expect(parseAcl(code).faults).toEqual([])
  })

  it('starts the broker with options that exist', () => {
    const passwdOptions = ['verify', 'delete', 'cost']
    for (const code of ['sh', 'ini', 'dockerfile'].flatMap(blocks)) {
      const used = [...code.matchAll(/antiphon-broker.*|CMD.*/g)].flatMap(([line]) =>
        [...line.matchAll(/--([a-z-]+)/g)].map(([, name]) => name),
      )
      expect([...optionNames, ...passwdOptions]).toEqual(expect.arrayContaining(used))
    }
  })
})
