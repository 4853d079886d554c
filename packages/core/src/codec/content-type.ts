/** The parts of a media type such as `application/json; charset=utf-8`. */
export interface MediaType {
  /** Type and subtype in lower case: `application/json`. */
  readonly essence: string
  /** The parameters by lower-case name; the first one if a name is repeated. */
  readonly parameters: ReadonlyMap<string, string>
}

// A hostile peer can send a content type of 65 535 bytes.
const maximumLength = 1_024

const token = "[!#$%&'*+.^_`|~0-9a-z-]+"
const essencePattern = new RegExp(`^[ \\t]*(${token}/${token})[ \\t]*(?=;|$)`, 'i')
const parameterPattern = new RegExp(
  `;[ \\t]*(?:(${token})=(?:(${token})|"((?:[^"\\\\]|\\\\.)*)"))?[ \\t]*(?=;|$)`,
  'iy',
)

/** Parses a media type [RFC 9110, 8.3.1]; returns `undefined` if it is invalid or longer than 1 024 characters. */
export function parseMediaType(contentType: string): MediaType | undefined {
  if (contentType.length > maximumLength) return undefined
  const head = essencePattern.exec(contentType)
  const essence = head?.[1]
  if (head === null || essence === undefined) return undefined

  const parameters = new Map<string, string>()
  for (let index = head[0].length; index < contentType.length; index = parameterPattern.lastIndex) {
    parameterPattern.lastIndex = index
    const match = parameterPattern.exec(contentType)
    if (match === null) return undefined
    const [, name, bare, quoted] = match
    const value = bare ?? quoted?.replace(/\\(.)/g, '$1')
    const key = name?.toLowerCase()
    if (key !== undefined && value !== undefined && !parameters.has(key)) parameters.set(key, value)
  }
  return { essence: essence.toLowerCase(), parameters }
}

/** The content types that a codec reads. */
export interface MediaTypeRule {
  /** Media types in lower case; `text/*` includes every subtype. */
  readonly types: readonly string[]
  /** A structured syntax suffix: `+json` includes `application/vnd.acme.car+json`. */
  readonly suffix?: string
}

/**
 * Returns the `accepts` function of a codec. It accepts an absent or empty content type and those of the rule, in upper
 * or lower case and with any parameters except a charset other than UTF-8.
 */
export function acceptsMediaTypes({
  types,
  suffix,
}: MediaTypeRule): (contentType: string | undefined) => boolean {
  const exact = new Set(types)
  const ranges = types.filter((type) => type.endsWith('/*')).map((type) => type.slice(0, -1))
  return (contentType) => {
    if (contentType === undefined || contentType === '' || exact.has(contentType)) return true
    const media = parseMediaType(contentType)
    if (media === undefined || !isUtf8Charset(media.parameters.get('charset'))) return false
    return (
      exact.has(media.essence) ||
      ranges.some((range) => media.essence.startsWith(range)) ||
      (suffix !== undefined && media.essence.endsWith(suffix))
    )
  }
}

function isUtf8Charset(charset: string | undefined): boolean {
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset)
}
