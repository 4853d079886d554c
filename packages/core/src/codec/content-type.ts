/** A media type such as `application/json; charset=utf-8`, taken apart. */
export interface MediaType {
  /** Type and subtype in lower case: `application/json`. */
  readonly essence: string
  /** The parameters by lower-case name; of a repeated one the first. */
  readonly parameters: ReadonlyMap<string, string>
}

// Attackers write content types too: up to 65 535 bytes of them.
const longestMediaType = 1_024

const token = "[!#$%&'*+.^_`|~0-9a-z-]+"
const essencePattern = new RegExp(`^[ \\t]*(${token}/${token})[ \\t]*(?=;|$)`, 'i')
const parameterPattern = new RegExp(
  `;[ \\t]*(?:(${token})=(?:(${token})|"((?:[^"\\\\]|\\\\.)*)"))?[ \\t]*(?=;|$)`,
  'iy',
)

/** The parts of a media type [RFC 9110, 8.3.1]; `undefined` when it is not one, or longer than 1 024 characters. */
export function parseMediaType(contentType: string): MediaType | undefined {
  if (contentType.length > longestMediaType) return undefined
  const head = essencePattern.exec(contentType)
  const essence = head?.[1]
  if (head === null || essence === undefined) return undefined

  const parameters = new Map<string, string>()
  for (let at = head[0].length; at < contentType.length; at = parameterPattern.lastIndex) {
    parameterPattern.lastIndex = at
    const found = parameterPattern.exec(contentType)
    if (found === null) return undefined
    const [, name, bare, quoted] = found
    const value = bare ?? quoted?.replace(/\\(.)/g, '$1')
    const key = name?.toLowerCase()
    if (key !== undefined && value !== undefined && !parameters.has(key)) parameters.set(key, value)
  }
  return { essence: essence.toLowerCase(), parameters }
}

/** Which content types a codec reads. */
export interface MediaTypeRule {
  /** Media types in lower case; `text/*` stands for every subtype. */
  readonly types: readonly string[]
  /** A structured suffix: `+json` reads `application/vnd.acme.car+json` too. */
  readonly suffix?: string
}

/**
 * The `accepts` of a codec: yes to an absent or empty content type and to those of the rule, in any case and with any
 * parameters but a charset other than UTF-8.
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
