/** The first bytes of the packets that are read or written here; that of PUBLISH is without its flags. */
export const PacketType = {
  connect: 0x10,
  connack: 0x20,
  publish: 0x30,
  puback: 0x40,
  pubrec: 0x50,
  pubrel: 0x62,
  pubcomp: 0x70,
  subscribe: 0x82,
  suback: 0x90,
  unsubscribe: 0xa2,
  unsuback: 0xb0,
  pingreq: 0xc0,
  pingresp: 0xd0,
  disconnect: 0xe0,
  auth: 0xf0,
} as const

/** The protocol versions as CONNECT has them: 4 is MQTT 3.1.1. */
export type ProtocolVersion = 4 | 5

/** A Quality of Service level. */
export type QoS = 0 | 1 | 2
