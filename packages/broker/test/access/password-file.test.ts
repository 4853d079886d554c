import { describe, expect, it } from 'vitest'
import { parsePasswords, userNameFault, withPassword, withoutUser } from '../../src/access/password-file.js'
import { formatHash, hashPassword, parseHash, verifyPassword } from '../../src/access/password-hash.js'
import { cheap } from './cheap-cost.js'

describe('hashPassword', () => {
  it('hashes equal passwords differently, and verifies the right one only', async () => {
    const [first, second] = await Promise.all([hashPassword('secret', cheap), hashPassword('secret', cheap)])
    expect(first.key.equals(second.key)).toBe(false)
    expect(await verifyPassword('secret', first)).toBe(true)
    expect(await verifyPassword(Buffer.from('secret'), second)).toBe(true)
    expect(await verifyPassword('secret ', first)).toBe(false)
  })

  it('takes 16 MiB by default', async () => {
    const text = formatHash(await hashPassword('secret'))
    expect(text).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(formatHash(parseHash(text) as never)).toBe(text)
  })

  it('verifies the test vector of RFC 7914', async () => {
    const key = Buffer.from(
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
      'hex',
    )
    const hash = { log2Cost: 10, blockSize: 8, parallelism: 16, salt: Buffer.from('NaCl'), key }
    expect(await verifyPassword('password', hash)).toBe(true)
  })

  it('rejects if the cost is more than scrypt accepts', async () => {
    await expect(hashPassword('secret', { log2Cost: 30, blockSize: 8, parallelism: 1 })).rejects.toThrow(
      'memory',
    )
  })
})

describe('parsePasswords', () => {
  it('reads users, and skips comments and empty lines', async () => {
    const hash = await hashPassword('secret', cheap)
    const text = `# users\r\n\r\nme:${formatHash(hash)}\r\nyou and me:${formatHash(hash)}\n`
    const { value, faults } = parsePasswords(text)
    expect([[...value.keys()], faults]).toEqual([['me', 'you and me'], []])
  })

  it('names the line of each fault, and never shows what may be a password', async () => {
    const line = `me:${formatHash(await hashPassword('secret', cheap))}`
    const text = [
      'nonsense',
      line,
      ':x',
      'you:hunter2',
      line,
      'big:$scrypt$ln=24,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    ].join('\n')
    const { faults } = parsePasswords(text)
    expect(faults).toEqual([
      { line: 1, text: 'the line has no user: it must be <user>:<hash>; use antiphon-broker passwd' },
      { line: 3, text: 'the line has no user: it must be <user>:<hash>; use antiphon-broker passwd' },
      {
        line: 4,
        text: "the hash of the user 'you' is not valid: it must be $scrypt$ln=…,r=…,p=…$<salt>$<key>; use antiphon-broker passwd",
      },
      { line: 5, text: "the user 'me' is already on line 2: remove one of the lines" },
      { line: 6, text: expect.stringContaining("the hash of the user 'big' is not valid") as string },
    ])
  })
})

describe('withPassword', () => {
  it('adds a user, replaces the password of a user, and keeps other lines', async () => {
    const hash = await hashPassword('secret', cheap)
    const added = withPassword('# users\nold:x\n', 'me', hash)
    expect(added).toBe(`# users\nold:x\nme:${formatHash(hash)}\n`)
    expect(withPassword(added, 'old', hash)).toBe(
      `# users\nold:${formatHash(hash)}\nme:${formatHash(hash)}\n`,
    )
    expect(withPassword('', 'me', hash)).toBe(`me:${formatHash(hash)}\n`)
  })
})

describe('withoutUser', () => {
  it('removes a user, and returns undefined for one that is not in the file', () => {
    expect(withoutUser('# a\na:x\nab:y', 'a')).toBe('# a\nab:y\n')
    expect(withoutUser('a:x\n', 'b')).toBeUndefined()
  })
})

describe('userNameFault', () => {
  it.each([
    ['', 'empty'],
    ['a:b', 'colon'],
    ['a\nb:x', 'colon or control character'],
    ['#a', 'must not begin with #'],
  ])('refuses the name %j', (name, fault) => {
    expect(userNameFault(name)).toContain(fault)
  })

  it('accepts blanks and other scripts', () => {
    expect(userNameFault('Jürgen 2')).toBeUndefined()
  })
})
