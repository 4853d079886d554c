/** What `read` makes of a payload of this length, and what it looked at beside the length. */
export function watched<R>(
  length: number,
  read: (payload: Uint8Array) => R,
): { readonly outcome: R; readonly touched: readonly string[] } {
  const touched = new Set<string>()
  const payload = new Proxy(new Uint8Array(length), {
    get: (target, property) => {
      if (property !== 'length' && property !== 'byteLength') touched.add(String(property))
      const value: unknown = Reflect.get(target, property, target)
      return value
    },
  })
  const release = watchTextDecoder(() => touched.add('TextDecoder'))
  try {
    return { outcome: read(payload), touched: [...touched] }
  } finally {
    release()
  }
}

/** A `TextDecoder` takes hold of a payload without asking for a property. */
function watchTextDecoder(onDecode: () => void): () => void {
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
