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
})
