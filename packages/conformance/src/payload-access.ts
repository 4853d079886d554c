/** Calls `read` with a payload of this length; returns its result and the properties that it read besides the length. */
export function recordPayloadAccess<R>(
  length: number,
  read: (payload: Uint8Array) => R,
): { readonly outcome: R; readonly accessed: readonly string[] } {
  const accessed = new Set<string>()
  const payload = new Proxy(new Uint8Array(length), {
    get: (target, property) => {
      if (property !== 'length' && property !== 'byteLength') accessed.add(String(property))
      const value: unknown = Reflect.get(target, property, target)
      return value
    },
  })
  const release = interceptTextDecoder(() => accessed.add('TextDecoder'))
  try {
    return { outcome: read(payload), accessed: [...accessed] }
  } finally {
    release()
  }
}

/** Intercepts `TextDecoder`, which reads a payload without a property access that the proxy sees. */
function interceptTextDecoder(onDecode: () => void): () => void {
  const { prototype } = TextDecoder
  const decode = Reflect.get(prototype, 'decode')
  prototype.decode = function (...args) {
    onDecode()
    return Reflect.apply(decode, this, args)
  }
  return () => {
    prototype.decode = decode
  }
}
