import type { AntiphonError } from '@antiphon/core'
import { throughProxy } from '@antiphon/mqtt/proxy'
import { describe, expect, it } from 'vitest'

describe('throughProxy', () => {
  it.each(['', 'proxy:3128', 'socks4://proxy', 'mqtt://proxy', 'http://'])(
    'rejects the proxy URL %j',
    (url) => {
      expect(() => throughProxy(url)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    },
  )

  it('does not show the user and password of a proxy URL in errors', () => {
    expect(() => throughProxy('ftp://user:secret@proxy')).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/secret|user:/) as string }),
    )
  })

  it.each([
    ['user name', `socks5://${'ä'.repeat(128)}:secret@proxy`],
    ['password', `socks5h://user:${'secret'.repeat(50)}@proxy`],
  ])('rejects a SOCKS %s of more than 255 bytes without showing it', (name, url) => {
    const fault = faultOf(() => throughProxy(url))
    expect(fault).toMatchObject({ code: 'invalid-argument' })
    expect(fault.message).toMatch(new RegExp(`${name}.*(256|300) bytes.*255.*RFC 1929`))
    expect(fault.message).not.toMatch(/secret|ä/)
  })

  it('accepts a SOCKS user and password of 255 bytes, and longer ones for HTTP CONNECT', () => {
    expect(() => throughProxy(`socks5://${'u'.repeat(255)}:${'p'.repeat(255)}@proxy`)).not.toThrow()
    expect(() => throughProxy(`http://${'u'.repeat(300)}:${'p'.repeat(300)}@proxy`)).not.toThrow()
  })

  it('rejects a proxy user that is not percent-encoded', () => {
    expect(faultOf(() => throughProxy('http://a%zz:b@proxy'))).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('encodeURIComponent') as string,
    })
  })
})

function faultOf(action: () => unknown): AntiphonError {
  try {
    action()
  } catch (error) {
    return error as AntiphonError
  }
  throw new Error('the action did not throw')
}
