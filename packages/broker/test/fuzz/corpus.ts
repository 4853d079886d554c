import {
  connectBytes,
  uint32,
  packet,
  properties,
  property,
  publishBytes,
  text,
  varint,
  uint16,
} from '../conformance/bytes.js'

const byteOne = Buffer.from([1])

/** Returns valid packets of clients. Packet Identifiers and topics repeat, so that packets refer to each other. */
export function packetCorpus(version: 4 | 5): readonly Buffer[] {
  const section = version === 5 ? [properties()] : []
  const acknowledgements = [0x40, 0x50, 0x62, 0x70].flatMap((header) =>
    [1, 2, 3].map((id) => packet(header, uint16(id))),
  )
  return [
    Buffer.from([0xc0, 0]),
    Buffer.from([0xe0, 0]),
    publishBytes(version, 'fuzz/a', { payload: 'x'.repeat(200) }),
    publishBytes(version, 'fuzz/a', { flags: 1, payload: 'retained' }),
    publishBytes(version, 'fuzz/a', { flags: 1 }),
    ...[1, 2, 3].flatMap((id) => [
      publishBytes(version, 'fuzz/a', { flags: 2, id, payload: 'one' }),
      publishBytes(version, 'fuzz/b/ü', { flags: 4, id, payload: 'two' }),
      publishBytes(version, 'fuzz/b/ü', { flags: 0x0c, id, payload: 'two' }),
    ]),
    ...acknowledgements,
    packet(0x82, uint16(1), ...section, text('fuzz/#'), Buffer.from([2])),
    packet(0x82, uint16(2), ...section, text('fuzz/+'), byteOne, text('$share/g/fuzz/a'), byteOne),
    packet(0x82, uint16(3), ...section, text('fuzz/a'), Buffer.from([0])),
    packet(0xa2, uint16(1), ...section, text('fuzz/#'), text('fuzz/a')),
    ...(version === 5 ? packetCorpusOfV5() : []),
  ]
}

function packetCorpusOfV5(): readonly Buffer[] {
  const all = properties(
    property(0x01, byteOne),
    property(0x02, uint32(5)),
    property(0x08, text('fuzz/responses')),
    property(0x09, text('correlation')),
    property(0x26, text('k'), text('1')),
    property(0x23, uint16(1)),
    property(0x26, text('k'), text('2')),
    property(0x03, text('text/plain')),
  )
  const alias = properties(property(0x23, uint16(1)))
  const identified = properties(property(0x0b, varint(200)), property(0x26, text('k'), text('v')))
  return [
    publishBytes(5, 'fuzz/c', { section: all, payload: 'all' }),
    publishBytes(5, 'fuzz/c', { flags: 3, id: 3, section: all, payload: 'all' }),
    publishBytes(5, '', { section: alias }),
    publishBytes(5, 'fuzz/d', { section: alias }),
    packet(0x82, uint16(4), identified, text('fuzz/+/#'), Buffer.from([0x2e])),
    packet(0x40, uint16(1), Buffer.from([0x10]), properties(property(0x1f, text('why')))),
    packet(0x50, uint16(2), Buffer.from([0x97])),
    packet(0xe0, Buffer.from([4]), properties(property(0x11, uint32(9)), property(0x1f, text('why')))),
    packet(0xf0, Buffer.from([0x19]), properties(property(0x15, text('challenge')))),
  ]
}

/** Returns valid CONNECT packets. Client identifiers repeat, so that clients take over from each other. */
export function connectCorpus(version: 4 | 5): readonly Buffer[] {
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
  const persistent = properties(
    property(0x11, uint32(60)),
    property(0x21, uint16(3)),
    property(0x22, uint16(2)),
    property(0x27, uint32(300)),
    property(0x26, text('k'), text('v')),
  )
  const willSection = properties(
    property(0x18, uint32(5)),
    property(0x02, uint32(50)),
    property(0x03, text('c')),
  )
  const payloadWithWill = Buffer.concat([name('2'), willSection, ...will])
  return [
    connectBytes(5, { payload: name('1') }),
    connectBytes(5, { flags: 0, section: persistent, payload: name('1') }),
    connectBytes(5, { flags: 0x2e, section: persistent, payload: payloadWithWill }),
    connectBytes(5, { section: properties(property(0x15, text('challenge'))), payload: name('3') }),
  ]
}
