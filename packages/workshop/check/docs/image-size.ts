/** The size of an image in pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** Reads the size of an image in SVG or PNG. Returns `undefined` if it does not state one. */
export function imageSizeOf(name: string, bytes: Uint8Array): ImageSize | undefined {
  if (name.endsWith('.png')) {
    const header = new DataView(bytes.buffer, bytes.byteOffset)
    // IHDR is the first chunk: 8 bytes of signature, its length and its name come before.
    return { width: header.getUint32(16), height: header.getUint32(20) }
  }
  const svg = /<svg[^>]*>/.exec(new TextDecoder().decode(bytes))?.[0] ?? ''
  const numberOf = (attribute: string): number =>
    Number(new RegExp(` ${attribute}="([\\d.]+)"`).exec(svg)?.[1])
  const [, width, height] = / viewBox="\S+ \S+ ([\d.]+) ([\d.]+)"/.exec(svg) ?? []
  const size = { width: numberOf('width') || Number(width), height: numberOf('height') || Number(height) }
  return size.width > 0 && size.height > 0 ? size : undefined
}
