import { isIPv4, isIPv6 } from 'node:net'

/** The address of a client, as a proxy names it. */
export interface ProxiedAddress {
  readonly address: string
  readonly port: number
}

/** A PROXY protocol header, version 1 or 2. */
export interface ProxyHeader {
  /** The bytes of the header; the client's bytes follow. */
  readonly length: number
  /** The client; `undefined` if the proxy connects for itself, for example to check the broker, or names no IP address. */
  readonly source: ProxiedAddress | undefined
}

/** Bytes of the longest header that is read. Version 2 allows 65 551, of which addresses take 232 at most. */
export const longestProxyHeader = 2_048

const firstBytes1 = Buffer.from('PROXY ')
const firstBytes2 = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a])
/** Bytes of the longest version 1 header, with its line end. */
const longestLine = 107
const fixedLength2 = 16

/** Bytes of the two addresses and ports of each family and transport of version 2 that a stream may have. */
const addressLengths2 = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
  [0x31, 216],
])

/**
 * Reads the PROXY protocol header at the start of a connection; returns `undefined` if bytes are missing. Throws an `Error`
 * as soon as the bytes cannot be a header.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (startsAlike(bytes, firstBytes2)) return bytes.length < fixedLength2 ? undefined : readVersion2(bytes)
  if (startsAlike(bytes, firstBytes1))
    return bytes.length < firstBytes1.length ? undefined : readVersion1(bytes)
  throw new Error('the connection does not begin with a PROXY protocol header')
}

/** Whether two byte strings are equal as far as both go. */
function startsAlike(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length)
  return bytes.subarray(0, length).equals(expected.subarray(0, length))
}

function readVersion1(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, longestLine).indexOf('\r\n')
  if (end < 0) {
    if (bytes.length < longestLine) return undefined
    throw new Error(`the PROXY protocol header has no line end within ${longestLine} bytes`)
  }
  const length = end + 2
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = bytes
    .toString('latin1', 0, end)
    .split(' ')
  if (family === 'UNKNOWN') return { length, source: undefined }
  const isOfFamily = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6Address : undefined
  if (isOfFamily === undefined)
    throw new Error('the PROXY protocol header names neither TCP4, TCP6 nor UNKNOWN')
  const isValid =
    isOfFamily(source) && isOfFamily(destination) && isPort(sourcePort) && isPort(destinationPort)
  if (!isValid || rest.length > 0) throw new Error('the PROXY protocol header has invalid addresses or ports')
  return { length, source: { address: source, port: Number(sourcePort) } }
}

/** Whether a text is an IPv6 address without a zone. */
function isIPv6Address(text: string): boolean {
  return isIPv6(text) && !text.includes('%')
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function readVersion2(bytes: Buffer): ProxyHeader | undefined {
  const versionAndCommand = bytes.readUInt8(12)
  const family = bytes.readUInt8(13)
  const rest = bytes.readUInt16BE(14)
  const length = fixedLength2 + rest
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21)
    throw new Error(
      `the PROXY protocol header has the version and command 0x${versionAndCommand.toString(16)}`,
    )
  if (length > longestProxyHeader)
    throw new Error(`the PROXY protocol header has ${length} bytes: ${longestProxyHeader} are read at most`)
  const isLocal = versionAndCommand === 0x20
  const addressLength = addressLengths2.get(family)
  // The receiver of a LOCAL header must ignore its addresses.
  if (!isLocal && (addressLength === undefined || rest < addressLength))
    throw new Error(`the PROXY protocol header has ${rest} bytes for the family 0x${family.toString(16)}`)
  if (bytes.length < length) return undefined
  return { length, source: isLocal ? undefined : readSource2(bytes, family) }
}

function readSource2(bytes: Buffer, family: number): ProxiedAddress | undefined {
  if (family === 0x11) return { address: bytes.subarray(16, 20).join('.'), port: bytes.readUInt16BE(24) }
  if (family !== 0x21) return undefined
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((offset) => bytes.readUInt16BE(16 + offset).toString(16))
  return { address: compressIPv6(groups), port: bytes.readUInt16BE(48) }
}

/** Returns the usual text of an IPv6 address. */
function compressIPv6(groups: readonly string[]): string {
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
