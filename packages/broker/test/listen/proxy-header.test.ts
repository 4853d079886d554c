import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { longestProxyHeader, readProxyHeader } from '../../src/listen/proxy-header.js'
import type { ProxyHeader } from '../../src/listen/proxy-header.js'
import { hex } from '../world.js'

const signature = hex('0d0a0d0a 000d0a51 5549540a')

/** A version 2 header: command, family, and what follows the length. */
function version2(command: number, family: number, rest: Buffer, length = rest.length): Buffer {
  const fixed = Buffer.from([command, family, length >> 8, length & 0xff])
  return Buffer.concat([signature, fixed, rest])
}

const ipv4 = hex('c0000201 0a000001 1267 075b')
const ipv6 = hex('20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002 1267 075b')
const text = (line: string): Buffer => Buffer.from(line, 'latin1')

/** Reads as bytes arrive one by one; returns the result and the number of bytes after which it was known. */
function readByBytes(bytes: Buffer): { readonly header: ProxyHeader; readonly after: number } {
  for (let after = 0; after <= bytes.length; after++) {
    const header = readProxyHeader(bytes.subarray(0, after))
    if (header !== undefined) return { header, after }
  }
  throw new Error('incomplete')
}

describe('readProxyHeader', () => {
  it.each<[string, Buffer, ProxyHeader['source']]>([
    ['TCP4', text('PROXY TCP4 192.0.2.1 10.0.0.1 4711 1883\r\n'), { address: '192.0.2.1', port: 4711 }],
    ['TCP6', text('PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n'), { address: '2001:db8::1', port: 0 }],
    ['UNKNOWN', text('PROXY UNKNOWN\r\n'), undefined],
    [
      'UNKNOWN with addresses',
      text('PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n'),
      undefined,
    ],
    ['version 2 over IPv4', version2(0x21, 0x11, ipv4), { address: '192.0.2.1', port: 4711 }],
    ['version 2 over IPv6', version2(0x21, 0x21, ipv6), { address: '2001:db8::1', port: 4711 }],
    [
      'version 2 with extensions',
      version2(0x21, 0x11, Buffer.concat([ipv4, hex('01 0001 61')])),
      { address: '192.0.2.1', port: 4711 },
    ],
    ['version 2 of a Unix socket', version2(0x21, 0x31, Buffer.alloc(216)), undefined],
    ['version 2 of an unknown family', version2(0x21, 0x00, hex('0102')), undefined],
    ['version 2 of the proxy itself', version2(0x20, 0x00, Buffer.alloc(0)), undefined],
    ['version 2 of the proxy itself, with addresses', version2(0x20, 0x77, ipv4), undefined],
  ])('reads a header that arrives byte by byte, and no byte beyond it: %s', (_, bytes, source) => {
    const { header, after } = readByBytes(Buffer.concat([bytes, text('\x10\x0e')]))
    expect(header).toEqual({ length: bytes.length, source })
    expect(after).toBe(bytes.length)
  })

  it.each<[string, Buffer, string]>([
    ['MQTT', hex('10 0e 0004'), 'does not begin with a PROXY protocol header'],
    ['HTTP', text('GET / HTTP/1.1'), 'does not begin with a PROXY protocol header'],
    ['lower case', text('proxy TCP4'), 'does not begin with a PROXY protocol header'],
    ['an unknown family', text('PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n'), 'neither TCP4, TCP6 nor UNKNOWN'],
    ['no family', text('PROXY \r\n'), 'neither TCP4, TCP6 nor UNKNOWN'],
    ['an address of the other family', text('PROXY TCP4 ::1 10.0.0.1 1 2\r\n'), 'invalid addresses or ports'],
    ['a zone', text('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'), 'invalid addresses or ports'],
    ['a host name', text('PROXY TCP4 example.org 10.0.0.1 1 2\r\n'), 'invalid addresses or ports'],
    ['two blanks', text('PROXY TCP4  192.0.2.1 10.0.0.1 1 2\r\n'), 'invalid addresses or ports'],
    ['a missing port', text('PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n'), 'invalid addresses or ports'],
    ['a fifth field', text('PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n'), 'invalid addresses or ports'],
    ['a port beyond 65 535', text('PROXY TCP4 192.0.2.1 10.0.0.1 65536 2\r\n'), 'invalid addresses or ports'],
    [
      'a port with a leading zero',
      text('PROXY TCP4 192.0.2.1 10.0.0.1 01 2\r\n'),
      'invalid addresses or ports',
    ],
    ['a negative port', text('PROXY TCP4 192.0.2.1 10.0.0.1 -1 2\r\n'), 'invalid addresses or ports'],
    ['no line end', text(`PROXY TCP4 ${'1'.repeat(100)}`), 'no line end within 107 bytes'],
    ['version 3', version2(0x31, 0x11, ipv4), 'the version and command 0x31'],
    ['an unknown command', version2(0x22, 0x11, ipv4), 'the version and command 0x22'],
    ['datagrams', version2(0x21, 0x12, ipv4), '12 bytes for the family 0x12'],
    ['too few bytes for IPv4', version2(0x21, 0x11, ipv4.subarray(1)), '11 bytes for the family 0x11'],
    ['too few bytes for IPv6', version2(0x21, 0x21, ipv4), '12 bytes for the family 0x21'],
    ['a length beyond the limit', version2(0x21, 0x11, ipv4, 0xffff), '65551 bytes: 2048 are read at most'],
  ])('refuses bytes as soon as they are no header: %s', (_, bytes, message) => {
    expect(() => readProxyHeader(bytes)).toThrow(message)
  })

  it('waits for 107 bytes of a line, and for no byte more', () => {
    const line = text(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`)
    expect(line).toHaveLength(107)
    expect(readProxyHeader(line.subarray(0, 106))).toBeUndefined()
    expect(readProxyHeader(line)).toEqual({ length: 107, source: undefined })
  })

  it('accepts, refuses or awaits any bytes, with the same result however they are split', () => {
    const header = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.string({ maxLength: 120 }).map((line) => text(`PROXY ${line}`)),
      fc
        .tuple(
          fc.constantFrom('TCP4', 'TCP6', 'UNKNOWN'),
          fc.ipV4(),
          fc.ipV6(),
          fc.nat(70_000),
          fc.nat(70_000),
        )
        .map(([family, one, other, source, port]) =>
          text(`PROXY ${family} ${one} ${other} ${source} ${port}\r\n`),
        ),
      fc
        .tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 300 }), fc.nat(0xffff))
        .map(([command, family, rest, length]) => version2(command, family, Buffer.from(rest), length)),
      fc
        .tuple(
          fc.constantFrom(0x20, 0x21),
          fc.constantFrom(0, 0x11, 0x21, 0x31),
          fc.uint8Array({ maxLength: 300 }),
        )
        .map(([command, family, rest]) => version2(command, family, Buffer.from(rest))),
    )
    const outcome = (read: () => unknown): unknown => {
      try {
        return read()
      } catch (error) {
        return error instanceof Error && !(error instanceof TypeError || error instanceof RangeError)
          ? 'refused'
          : error
      }
    }
    fc.assert(
      fc.property(header, (raw) => {
        const bytes = Buffer.from(raw)
        const whole = outcome(() => readProxyHeader(bytes))
        if (whole === 'refused') return true
        if (whole === undefined) return bytes.length < longestProxyHeader
        const { length } = whole as ProxyHeader
        const { after } = readByBytes(bytes)
        return after === length && length <= longestProxyHeader
      }),
      { numRuns: 2_000 },
    )
  })
})
