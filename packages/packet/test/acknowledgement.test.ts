import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  acknowledgementSize,
  acknowledgementWithReason,
  Cursor,
  PacketType,
  type ProtocolVersion,
  readAcknowledgement,
  writeAcknowledgement,
} from '../src/index.js'
import { packetId, runs, text } from './arbitraries.js'
import { hex, parsedByReference, readAll } from './reference.js'

const { puback, pubrec, pubrel, pubcomp } = PacketType
const names = { puback, pubrec, pubrel, pubcomp }
const cases = fc.oneof(
  fc.tuple(
    fc.constantFrom('puback', 'pubrec'),
    fc.constantFrom(0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99),
  ),
  fc.tuple(fc.constantFrom('pubrel', 'pubcomp'), fc.constantFrom(0, 0x92)),
) as fc.Arbitrary<[keyof typeof names, number]>

const read = (firstByte: number, body: string, version: ProtocolVersion = 5) =>
  readAcknowledgement(firstByte, new Cursor().open(hex(body)), version)

describe('acknowledgements', () => {
  it('are read back by this package and by mqtt-packet', () => {
    fc.assert(
      fc.property(cases, packetId, ([cmd, reasonCode], id) => {
        const bytes = new Uint8Array(acknowledgementSize(reasonCode))
        writeAcknowledgement(bytes, 0, names[cmd], id, reasonCode)
        expect(parsedByReference(bytes, 5)).toMatchObject([{ cmd, messageId: id, reasonCode }])
        const own = readAll([bytes], (firstByte, body) => ({ ...readAcknowledgement(firstByte, body, 5) }))
        expect(own).toEqual([{ packetId: id, reasonCode }])
      }),
      runs(300),
    )
  })

  it('are read back with a Reason String', () => {
    fc.assert(
      fc.property(cases, packetId, text, ([cmd, reasonCode], id, reasonString) => {
        const bytes = acknowledgementWithReason(names[cmd], id, reasonCode, reasonString)
        expect(parsedByReference(bytes, 5)).toMatchObject([
          { cmd, messageId: id, reasonCode, properties: { reasonString } },
        ])
        const own = readAll([bytes], (firstByte, body) => ({ ...readAcknowledgement(firstByte, body, 5) }))
        expect(own).toEqual([{ packetId: id, reasonCode }])
      }),
      runs(300),
    )
  })

  it('have four bytes in their shortest form', () => {
    expect([acknowledgementSize(0), acknowledgementSize(0x92)]).toEqual([4, 5])
  })

  it.each<[string, number, string, ProtocolVersion, string]>([
    ['Packet Identifier 0', puback, '0000', 5, 'the Packet Identifier is 0 [MQTT-2.2.1-3]'],
    ['one byte', puback, '00', 5, 'ends within a field'],
    ['a reason code in MQTT 3.1.1', puback, '000100', 4, 'bytes follow the Packet Identifier'],
    ['a reason code of another packet', puback, '000192', 5, 'may not have it [MQTT-3.4.2-1]'],
    ['a reason code of another packet', pubrel, '000180', 5, 'may not have it [MQTT-3.4.2-1]'],
    ['bytes after the properties', pubrec, '00010000ff', 5, 'bytes follow the properties'],
    ['a property of another packet', pubcomp, '000100 03 210001', 5, 'Receive Maximum) is not allowed'],
  ])('are rejected with %s', (_, firstByte, body, version, text) => {
    expect(() => read(firstByte, body, version)).toThrow(text)
  })
})
