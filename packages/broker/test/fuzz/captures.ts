import {
  connectBytes,
  long,
  packet,
  properties,
  property,
  publishBytes,
  text,
  varint,
  word,
} from '../conformance/bytes.js'

const one = Buffer.from([1])

/** Packets that clients send, each valid where it belongs; identifiers repeat, so that they meet. */
export function captures(version: 4 | 5): readonly Buffer[] {
  const section = version === 5 ? [properties()] : []
  const acknowledgements = [0x40, 0x50, 0x62, 0x70].flatMap((header) =>
    [1, 2, 3].map((id) => packet(header, word(id))),
  )
  return [
    Buffer.from([0xc0, 0]),
    Buffer.from([0xe0, 0]),
    publishBytes(version, 'fuzz/a', { payload: 'x'.repeat(200) }),
    publishBytes(version, 'fuzz/a', { flags: 1, payload: 'kept' }),
    publishBytes(version, 'fuzz/a', { flags: 1 }),
    ...[1, 2, 3].flatMap((id) => [
      publishBytes(version, 'fuzz/a', { flags: 2, id, payload: 'one' }),
      publishBytes(version, 'fuzz/b/ü', { flags: 4, id, payload: 'two' }),
      publishBytes(version, 'fuzz/b/ü', { flags: 0x0c, id, payload: 'two' }),
    ]),
    ...acknowledgements,
    packet(0x82, word(1), ...section, text('fuzz/#'), Buffer.from([2])),
    packet(0x82, word(2), ...section, text('fuzz/+'), one, text('$share/g/fuzz/a'), one),
    packet(0x82, word(3), ...section, text('fuzz/a'), Buffer.from([0])),
    packet(0xa2, word(1), ...section, text('fuzz/#'), text('fuzz/a')),
    ...(version === 5 ? capturesOfV5() : []),
  ]
}

function capturesOfV5(): readonly Buffer[] {
  const all = properties(
    property(0x01, one),
    property(0x02, long(5)),
    property(0x08, text('fuzz/answers')),
    property(0x09, text('correlation')),
    property(0x26, text('k'), text('1')),
    property(0x23, word(1)),
    property(0x26, text('k'), text('2')),
    property(0x03, text('text/plain')),
  )
  const alias = properties(property(0x23, word(1)))
  const identified = properties(property(0x0b, varint(200)), property(0x26, text('k'), text('v')))
  return [
    publishBytes(5, 'fuzz/c', { section: all, payload: 'all' }),
    publishBytes(5, 'fuzz/c', { flags: 3, id: 3, section: all, payload: 'all' }),
    publishBytes(5, '', { section: alias }),
    publishBytes(5, 'fuzz/d', { section: alias }),
    packet(0x82, word(4), identified, text('fuzz/+/#'), Buffer.from([0x2e])),
    packet(0x40, word(1), Buffer.from([0x10]), properties(property(0x1f, text('why')))),
    packet(0x50, word(2), Buffer.from([0x97])),
    packet(0xe0, Buffer.from([4]), properties(property(0x11, long(9)), property(0x1f, text('why')))),
    packet(0xf0, Buffer.from([0x19]), properties(property(0x15, text('riddle')))),
  ]
}

/** Ways to come in, of clients whose names meet. */
export function entrances(version: 4 | 5): readonly Buffer[] {
  const name = (digit: string): Buffer => text(`fuzzer-${digit}`)
  const will = [text('fuzz/will'), text('gone')]
  if (version === 4) {
    return [
      connectBytes(4, { payload: name('1') }),
      connectBytes(4, { flags: 0, payload: name('1') }),
      connectBytes(4, {
        flags: 0xee,
        payload: Buffer.concat([name('2'), ...will, text('user'), text('secret')]),
      }),
    ]
  }
  const stored = properties(
    property(0x11, long(60)),
    property(0x21, word(3)),
    property(0x22, word(2)),
    property(0x27, long(300)),
    property(0x26, text('k'), text('v')),
  )
  const willSection = properties(property(0x18, long(5)), property(0x02, long(50)), property(0x03, text('c')))
  const willed = Buffer.concat([name('2'), willSection, ...will])
  return [
    connectBytes(5, { payload: name('1') }),
    connectBytes(5, { flags: 0, section: stored, payload: name('1') }),
    connectBytes(5, { flags: 0x2e, section: stored, payload: willed }),
    connectBytes(5, { section: properties(property(0x15, text('riddle'))), payload: name('3') }),
  ]
}
