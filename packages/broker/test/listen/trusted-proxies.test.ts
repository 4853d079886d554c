import { describe, expect, it } from 'vitest'
import { TrustedProxies, trustedProxiesRule } from '../../src/listen/trusted-proxies.js'

describe('TrustedProxies', () => {
  const proxies = new TrustedProxies(['127.0.0.1', '10.0.0.0/8', '2001:db8::/32', '::1'])

  it.each([
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['::ffff:10.1.2.3', true],
    ['::ffff:11.1.2.3', false],
    ['2001:db8:ffff::1', true],
    ['2001:db9::1', false],
    ['::1', true],
    ['::1%lo', true],
    ['', false],
    ['unknown', false],
  ])('includes addresses, networks and IPv4 in IPv6: %s', (address, isIncluded) => {
    expect(proxies.includes(address)).toBe(isIncluded)
  })

  it.each<[string, string | undefined, string, string | undefined]>([
    ['the client of one proxy', '10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['the client of two proxies', '10.0.0.1', '192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['no address that the client has made up', '10.0.0.1', '198.51.100.9, 192.0.2.1', '192.0.2.1'],
    ['the first proxy if all are trusted', '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['the peer if it is not trusted', '192.0.2.7', '192.0.2.1', '192.0.2.7'],
    ['the last readable address', '10.0.0.1', '192.0.2.1, unknown, 10.0.0.2', '10.0.0.2'],
    ['the peer without an address', '10.0.0.1', '', '10.0.0.1'],
    ['an address with a port', '10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
    ['an IPv6 address', '10.0.0.1', '2001:db9::1', '2001:db9::1'],
    ['an IPv6 address with a port', '10.0.0.1', '[2001:db9::1]:4711', '2001:db9::1'],
    ['nothing in brackets that is no address', '10.0.0.1', '[x]:1', '10.0.0.1'],
    ['the client of a proxy on a Unix socket', undefined, '198.51.100.9, 192.0.2.1', '192.0.2.1'],
    ['nothing for an unreadable header on a Unix socket', undefined, 'unknown', undefined],
  ])('takes from X-Forwarded-For %s', (_, peer, header, client) => {
    expect(proxies.clientOf(peer, header)).toBe(client)
  })

  it('reads a long header in time that is linear in its length', () => {
    const header = '10.0.0.1,'.repeat(20_000)
    expect(proxies.clientOf('10.0.0.1', header)).toBe('10.0.0.1')
  })

  it.each([
    [['10.0.0.0/8', '::/0', '1.2.3.4'], true],
    [[], true],
    ['10.0.0.0/8', false],
    [['10.0.0.0/33'], false],
    [['10.0.0.0/x'], false],
    [['10.0.0.0/8/8'], false],
    [['example.org'], false],
    [['fe80::1%eth0'], false],
    [[7], false],
  ])('accepts addresses and networks as the option trustedProxies: %j', (networks, isValid) => {
    expect(trustedProxiesRule(networks) === undefined).toBe(isValid)
  })
})
