/** Returns what the rates of an address count together: an IPv4 address, or the network of 64 bits of an IPv6 address. */
export function addressKey(remoteAddress: string): string {
  const end = remoteAddress.lastIndexOf(':')
  // A stream that the program handles may have any name, as a Unix socket has.
  if (end < 0) return remoteAddress
  const address = remoteAddress.slice(0, end)
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - groups.length - last.length
  return [...groups, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4).join(':')
}
